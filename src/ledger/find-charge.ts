import { MAX_BATCH_LIFE_MS, TOMBSTONE_LIFE_MS } from '../domain/credit/credit-limits.ts';
import type { Allocation, JournalEntry } from '../domain/credit/credit-types.ts';
import { readIdTimeMs } from '../domain/hold-id.ts';
import type { NanoUsd } from '../domain/money.ts';
import { findJournalPlace } from './find-journal-place.ts';
import type { EntryDetails, Ledger } from './ledger.ts';

/** What an ended call was charged, and where the charge went. */
export interface Charge {
  holdId: string;
  /** Sequence of the entry that ended it. */
  sequence: number;
  amountNanoUsd: NanoUsd;
  allocations: Allocation[];
  debtNanoUsd: NanoUsd;
  /** Whose call it was and what answered it, as its entry has it: the details that reports group by. */
  caller: EntryDetails;
}

/** A call by its hold, or by its request: the proxy's own id, or the upstream's, which is what the caller was answered. */
export type CallName = { holdId: string } | { requestId: string };

/** An id's instant comes from the proxy's clock, an entry's from the store's. */
export const CLOCK_SLACK_MS = 60_000;
/** A charge comes at the latest when a batch was held to the end and its settle was almost too old. */
const LATEST_CHARGE_MS = MAX_BATCH_LIFE_MS + TOMBSTONE_LIFE_MS;
const PAGE = 500;
/** An upstream's id holds no instant: so many of the newest entries are looked through for it. */
const ENTRIES_AT_MOST = 200_000;

/**
 * Finds a call's charge in the journal. Entries are in order of time, and an id of ours holds the time of the call: the
 * place is searched by halves, and read on from there no further than a charge can come. For an upstream's id the
 * journal is read from its end.
 * @param ends `charged` unless given; `any`: a released call is found as well, charged nothing.
 * @returns undefined when the journal, as far as the store keeps it, holds no charge of that name.
 */
export async function findCharge(
  ledger: Pick<Ledger, 'readBalance' | 'readJournal'>,
  accountId: string,
  name: CallName,
  ends: 'charged' | 'any' = 'charged',
): Promise<Charge | undefined> {
  const isWanted = (entry: JournalEntry): boolean => isEndOf(entry, name, ends);
  const idMs = 'holdId' in name ? readIdTimeMs('hold', name.holdId) : readIdTimeMs('req', name.requestId);
  if (idMs === undefined) return 'holdId' in name ? undefined : findFromEnd(ledger, accountId, isWanted);
  let after = await findJournalPlace(ledger, accountId, idMs - CLOCK_SLACK_MS);
  const endMs = idMs + LATEST_CHARGE_MS + CLOCK_SLACK_MS;
  for (;;) {
    const entries = await ledger.readJournal(accountId, { afterSequence: after, limit: PAGE });
    const found = entries.find(isWanted);
    if (found !== undefined) return readCharge(found);
    const last = entries.at(-1);
    if (last === undefined || last.atMs > endMs) return undefined;
    after = last.sequence;
  }
}

/**
 * Every charge of a Message Batch, one for each of its models, the last one first.
 * @param batchId the API's own, `msgbatch_...`, which holds no instant: the journal is read from its end.
 */
export async function findBatchCharges(
  ledger: Pick<Ledger, 'readBalance' | 'readJournal'>,
  accountId: string,
  batchId: string,
  ends: 'charged' | 'any' = 'charged',
): Promise<Charge[]> {
  const charges: Charge[] = [];
  for await (const entries of readFromEnd(ledger, accountId)) {
    const found = entries.filter((entry) => isEnd(entry, ends) && entry.details?.batch_id === batchId);
    charges.push(...found.toReversed().map(readCharge));
  }
  return charges;
}

async function findFromEnd(
  ledger: Pick<Ledger, 'readBalance' | 'readJournal'>,
  accountId: string,
  isWanted: (entry: JournalEntry) => boolean,
): Promise<Charge | undefined> {
  for await (const entries of readFromEnd(ledger, accountId)) {
    const found = entries.find(isWanted);
    if (found !== undefined) return readCharge(found);
  }
  return undefined;
}

/** Pages of the newest entries, the last page first, each in sequence. */
async function* readFromEnd(
  ledger: Pick<Ledger, 'readBalance' | 'readJournal'>,
  accountId: string,
): AsyncGenerator<JournalEntry[]> {
  const last = (await ledger.readBalance(accountId))?.sequence ?? 0;
  const least = Math.max(0, last - ENTRIES_AT_MOST);
  for (let before = last; before > least; ) {
    const after = Math.max(least, before - PAGE);
    const entries = await ledger.readJournal(accountId, { afterSequence: after, limit: before - after });
    yield entries;
    // What comes before has been trimmed.
    if (entries[0]?.sequence !== after + 1) return;
    before = after;
  }
}

function isEnd({ operation }: JournalEntry, ends: 'charged' | 'any'): boolean {
  return operation === 'settle' || operation === 'late' || (ends === 'any' && operation === 'release');
}

function isEndOf(entry: JournalEntry, name: CallName, ends: 'charged' | 'any'): boolean {
  if (!isEnd(entry, ends)) return false;
  if ('holdId' in name) return entry.subjectId === name.holdId;
  const { request_id: own, upstream_request_id: upstream } = entry.details ?? {};
  return own === name.requestId || upstream === name.requestId;
}

function readCharge(entry: JournalEntry): Charge {
  const charge: Charge = {
    holdId: entry.subjectId,
    sequence: entry.sequence,
    amountNanoUsd: entry.operation === 'release' ? 0n : entry.amountNanoUsd,
    allocations: [],
    debtNanoUsd: 0n,
    caller: readCaller(entry),
  };
  for (const { kind, grantId, amountNanoUsd } of entry.postings) {
    if ((kind === 'settle' || kind === 'draw') && grantId !== undefined) {
      charge.allocations.push({ grantId, amountNanoUsd });
    }
    if (kind === 'debt') charge.debtNanoUsd += amountNanoUsd;
  }
  return charge;
}

const CALLER_DETAILS = [
  ...['model', 'key_id', 'team_id', 'member_id', 'session_id'],
  ...['service_tier', 'context_window', 'inference_geo', 'speed'],
] as const;

function readCaller({ details = {} }: JournalEntry): EntryDetails {
  const { model = details.requested_model, ...others } = details;
  const all: JournalEntry['details'] = { model, ...others };
  return Object.fromEntries(CALLER_DETAILS.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
}
