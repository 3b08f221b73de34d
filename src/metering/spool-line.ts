import { crc32 } from 'node:zlib';
import { decodeLedgerWrite, encodeLedgerWrite, type LedgerWrite } from './ledger-write.ts';

/**
 * A line of the spool: a write that waits; what is to be sent if the process ends before the call does; or the name of
 * a write that was acknowledged.
 */
export type SpoolLine = { put: LedgerWrite } | { mark: LedgerWrite } | { acknowledged: string };

const CHECKSUM_CHARACTERS = 8;

/** `<crc32 in hex> <json>` and a newline. The checksum tells a torn or rotten line from a whole one. */
export function encodeSpoolLine(line: SpoolLine): string {
  const text = encodeText(line);
  return `${checksum(text)} ${text}\n`;
}

function encodeText(line: SpoolLine): string {
  if ('put' in line) return `{"put":${encodeLedgerWrite(line.put)}}`;
  if ('mark' in line) return `{"mark":${encodeLedgerWrite(line.mark)}}`;
  return JSON.stringify({ acknowledged: line.acknowledged });
}

/** Reads one line without its newline; undefined when it is torn, rotten or not ours. */
export function decodeSpoolLine(line: string): SpoolLine | undefined {
  const text = line.slice(CHECKSUM_CHARACTERS + 1);
  if (line[CHECKSUM_CHARACTERS] !== ' ' || line.slice(0, CHECKSUM_CHARACTERS) !== checksum(text)) return undefined;
  let value: { put?: unknown; mark?: unknown; acknowledged?: unknown };
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value.acknowledged === 'string') return { acknowledged: value.acknowledged };
  const put = decodeLedgerWrite(value.put);
  if (put !== undefined) return { put };
  const mark = decodeLedgerWrite(value.mark);
  return mark === undefined ? undefined : { mark };
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(CHECKSUM_CHARACTERS, '0');
}
