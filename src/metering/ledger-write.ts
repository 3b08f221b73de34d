import { writeDetails } from '../domain/credit/write-details.ts';
import { writeExactJson } from '../domain/exact-json.ts';
import { createListTexts } from '../domain/list-texts.ts';
import type { ReleaseCommand, SettleCommand } from '../ledger/ledger.ts';

/** The end of a hold, as it is sent to the ledger: again and again, until it is acknowledged. */
export type LedgerWrite =
  | { kind: 'settle'; command: SettleCommand; endedAtMs: number }
  | { kind: 'release'; command: ReleaseCommand; endedAtMs: number };

/** What one write is known by. A hold ends once, so a settle and a release of one hold are different writes. */
export function nameLedgerWrite(write: LedgerWrite): string {
  return `${write.kind}:${write.command.accountId}:${write.command.holdId}`;
}

/** As JSON, with amounts as decimal strings. Put together by hand: the details are JSON already, and each call has one. */
export function encodeLedgerWrite({ kind, command, endedAtMs }: LedgerWrite): string {
  const { accountId, holdId, details } = command;
  const ids = `"accountId":${JSON.stringify(accountId)},"holdId":${JSON.stringify(holdId)}`;
  const charge = 'amountNanoUsd' in command ? `,${encodeCharge(command)}` : '';
  const facts = details === undefined ? '' : `,"details":${writeDetails(details)}`;
  return `{"kind":"${kind}","command":{${ids}${charge}${facts}},"endedAtMs":${endedAtMs}}`;
}

function encodeCharge({ amountNanoUsd, tokens, modelLabels, cells }: SettleCommand): string {
  const lists = `"modelLabels":${JSON.stringify(modelLabels)},"cells":${encodeCells(cells)}`;
  return `"amountNanoUsd":"${amountNanoUsd}","tokens":"${tokens}",${lists}`;
}

const encodeCells = createListTexts<SettleCommand['cells'][number]>(writeExactJson);

/**
 * Reads what {@link encodeLedgerWrite} wrote.
 * @returns undefined when the value is not such a write.
 */
export function decodeLedgerWrite(value: unknown): LedgerWrite | undefined {
  if (!isRecord(value) || !isRecord(value.command) || typeof value.endedAtMs !== 'number') return undefined;
  const { kind, command, endedAtMs } = value;
  if (typeof command.accountId !== 'string' || typeof command.holdId !== 'string') return undefined;
  if (kind === 'release') return { kind, command: command as unknown as ReleaseCommand, endedAtMs };
  if (kind !== 'settle') return undefined;
  const amountNanoUsd = readInteger(command.amountNanoUsd);
  const tokens = readInteger(command.tokens);
  if (amountNanoUsd === undefined || tokens === undefined) return undefined;
  if (!Array.isArray(command.modelLabels) || !Array.isArray(command.cells)) return undefined;
  return { kind, command: { ...command, amountNanoUsd, tokens } as unknown as SettleCommand, endedAtMs };
}

function readInteger(value: unknown): bigint | undefined {
  return typeof value === 'string' && /^\d{1,16}$/.test(value) ? BigInt(value) : undefined;
}

function isRecord(value: unknown): value is { [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
