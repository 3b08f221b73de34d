import { crc32 } from 'node:zlib';
import { decodeLedgerWrite, encodeLedgerWrite, type LedgerWrite } from './ledger-write.ts';

/** A line of the spool: a write that waits, or the name of one that was acknowledged. */
export type SpoolLine = { put: LedgerWrite } | { acknowledged: string };

const CHECKSUM_CHARACTERS = 8;

/** `<crc32 in hex> <json>` and a newline. The checksum tells a torn or rotten line from a whole one. */
export function encodeSpoolLine(line: SpoolLine): string {
  const text =
    'put' in line ? `{"put":${encodeLedgerWrite(line.put)}}` : JSON.stringify({ acknowledged: line.acknowledged });
  return `${checksum(text)} ${text}\n`;
}

/** Reads one line without its newline; undefined when it is torn, rotten or not ours. */
export function decodeSpoolLine(line: string): SpoolLine | undefined {
  const text = line.slice(CHECKSUM_CHARACTERS + 1);
  if (line[CHECKSUM_CHARACTERS] !== ' ' || line.slice(0, CHECKSUM_CHARACTERS) !== checksum(text)) return undefined;
  let value: { put?: unknown; acknowledged?: unknown };
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value.acknowledged === 'string') return { acknowledged: value.acknowledged };
  const put = decodeLedgerWrite(value.put);
  return put === undefined ? undefined : { put };
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(CHECKSUM_CHARACTERS, '0');
}
