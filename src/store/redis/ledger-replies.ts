import { refuseCredit } from '../../domain/credit/credit-left.ts';
import type {
  AccountBalance,
  AccountMode,
  AccountStatus,
  CellUse,
  GrantKind,
  GrantState,
  HoldState,
  JournalEntry,
  JournalOperation,
  Posting,
  PostingKind,
} from '../../domain/credit/credit-types.ts';
import type { CellName, HoldReply, QuotaCell } from '../../ledger/ledger.ts';
import { readWord } from './read-reply.ts';

/** Words of a balance in a reply, as lib-save.lua appends them. */
const BALANCE_WORDS = 14;

/** Reads the balance whose words begin at `at`. */
export function readBalance(words: readonly string[], at: number): AccountBalance {
  const amount = (index: number): bigint => BigInt(readWord(words, at + index));
  return {
    status: readWord(words, at) as AccountStatus,
    mode: readWord(words, at + 1) as AccountMode,
    creditLimitNanoUsd: amount(2),
    grantedNanoUsd: amount(3),
    availableNanoUsd: amount(4),
    pendingNanoUsd: amount(5),
    heldNanoUsd: amount(6),
    spentNanoUsd: amount(7),
    expiredNanoUsd: amount(8),
    voidedNanoUsd: amount(9),
    debtNanoUsd: amount(10),
    debtHeldNanoUsd: amount(11),
    chargedNanoUsd: amount(12),
    sequence: Number(amount(13)),
  };
}

/** Reads `held` and `exists`: amount, balance, then used and held of each cell asked for. */
export function readHeld(result: 'held' | 'exists', words: readonly string[], cells: readonly CellName[]): HoldReply {
  const uses: CellUse[] = [];
  let at = 2 + BALANCE_WORDS;
  for (const { quotaId, window } of cells) {
    uses.push({ quotaId, window, used: BigInt(readWord(words, at)), held: BigInt(readWord(words, at + 1)) });
    at += 2;
  }
  return { result, amountNanoUsd: BigInt(readWord(words, 1)), balance: readBalance(words, 2), cells: uses };
}

export type RoomRefusal = Extract<HoldReply, { result: 'insufficient_credit' | 'quota_exceeded' | 'out_of_range' }>;

/** Reads a refusal for want of credit or of room in a cell, or of a number out of range; undefined for other words. */
export function readRoomRefusal(words: readonly string[], cells: readonly QuotaCell[]): RoomRefusal | undefined {
  switch (words[0]) {
    case 'insufficient_credit': {
      const [availableNanoUsd, neededNanoUsd, elsewhere] = [1, 2, 3].map((at) => BigInt(readWord(words, at)));
      return refuseCredit(availableNanoUsd ?? 0n, neededNanoUsd ?? 0n, elsewhere ?? 0n);
    }
    case 'quota_exceeded':
      return readFullCell(words, cells);
    case 'out_of_range':
      return { result: 'out_of_range', what: readWord(words, 1) };
    default:
      return undefined;
  }
}

function readFullCell(words: readonly string[], cells: readonly QuotaCell[]): RoomRefusal {
  const cell = cells[Number(readWord(words, 1))];
  if (cell === undefined) throw new RangeError('the reply names a cell that was not asked for');
  const { quotaId, window, limit, endsAtMs } = cell;
  const room = BigInt(readWord(words, 2));
  return { result: 'quota_exceeded', quotaId, window, limit, room, ...(endsAtMs === undefined ? {} : { endsAtMs }) };
}

type Texts = { readonly [name: string]: string | undefined };

const bigIntOf = (texts: Texts, name: string): bigint => BigInt(texts[name] ?? `${name} is missing`);
const numberOf = (texts: Texts, name: string): number => Number(bigIntOf(texts, name));

/** Reads a grant's record. */
export function readGrant(grantId: string, record: string): GrantState {
  const texts = JSON.parse(record) as Texts;
  return {
    grantId,
    kind: texts.kind as GrantKind,
    priority: numberOf(texts, 'priority'),
    effectiveAtMs: numberOf(texts, 'effective'),
    expiresAtMs: numberOf(texts, 'expires'),
    ordinal: numberOf(texts, 'ordinal'),
    ...(texts.models === undefined ? {} : { models: JSON.parse(texts.models) as string[] }),
    voided: texts.is_void === '1',
    grantedNanoUsd: bigIntOf(texts, 'granted'),
    remainingNanoUsd: bigIntOf(texts, 'remaining'),
    heldNanoUsd: bigIntOf(texts, 'held'),
    spentNanoUsd: bigIntOf(texts, 'spent'),
    expiredNanoUsd: bigIntOf(texts, 'expired'),
    voidedNanoUsd: bigIntOf(texts, 'voided'),
  };
}

/** Reads an open hold's record. */
export function readHold(holdId: string, record: string): HoldState {
  const { allocations, cells, ...texts } = JSON.parse(record) as Texts & {
    allocations?: [grantId: string, amount: string][];
    cells?: [quotaId: string, window: string, held: string][];
  };
  return {
    holdId,
    amountNanoUsd: bigIntOf(texts, 'amount'),
    deadlineMs: numberOf(texts, 'deadline'),
    createdAtMs: numberOf(texts, 'created'),
    debtHeldNanoUsd: bigIntOf(texts, 'debt_held'),
    allocations: (allocations ?? []).map(([grantId, amount]) => ({ grantId, amountNanoUsd: BigInt(amount) })),
    cells: (cells ?? []).map(([quotaId, window, held]) => ({ quotaId, window, held: BigInt(held) })),
  };
}

/** Reads an entry of the journal's stream: its id is `<sequence>-0`. */
export function readEntry(accountId: string, id: string, fields: readonly string[]): JournalEntry {
  const texts = Object.fromEntries(
    Array.from({ length: fields.length / 2 }, (_, index) => [fields[2 * index], fields[2 * index + 1]]),
  ) as Texts;
  const cells = JSON.parse(texts.cells ?? '') as [quotaId: string, window: string, held: string, used: string][];
  return {
    accountId,
    sequence: Number.parseInt(id, 10),
    atMs: numberOf(texts, 'at'),
    operation: texts.operation as JournalOperation,
    subjectId: texts.subject ?? '',
    amountNanoUsd: bigIntOf(texts, 'amount'),
    postings: readPostings(texts.postings ?? ''),
    cells: cells.map(([quotaId, window, held, used]) => ({ quotaId, window, held: BigInt(held), used: BigInt(used) })),
    ...(texts.terms ? { terms: JSON.parse(texts.terms) as NonNullable<JournalEntry['terms']> } : {}),
    ...(texts.details ? { details: JSON.parse(texts.details) as NonNullable<JournalEntry['details']> } : {}),
  };
}

/** Reads the postings of an entry. */
export function readPostings(text: string): Posting[] {
  const postings = JSON.parse(text) as [kind: PostingKind, grantId: string, amount: string][];
  return postings.map(([kind, grantId, amount]) => ({
    kind,
    ...(grantId === '' ? {} : { grantId }),
    amountNanoUsd: BigInt(amount),
  }));
}

/** Reads a quota cell: `used;held`. */
export function readCell(record: string | null): { used: bigint; held: bigint } {
  const [used = '0', held = '0'] = record?.split(';') ?? [];
  return { used: BigInt(used), held: BigInt(held) };
}
