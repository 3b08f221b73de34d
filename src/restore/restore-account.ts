import type { JournalEntry } from '../domain/credit/credit-types.ts';
import type { AccountRestorer } from '../ledger/account-restorer.ts';
import { type Difference, findDifferences } from '../ledger/find-differences.ts';
import { createFold, foldEntry, type JournalFold, readFold } from '../ledger/journal-fold.ts';
import type { JournalSource } from '../ledger/journal-source.ts';
import { type Ledger, LedgerCorrupt } from '../ledger/ledger.ts';
import { reconcileAccount } from '../ledger/reconcile-account.ts';
import { compareHistories } from './compare-histories.ts';
import type { ExportedHistory, ExportIndex, SequenceRange } from './export-index.ts';

export interface RestoreParts {
  ledger: Pick<Ledger, 'readBooks' | 'readJournal'>;
  journal: Pick<JournalSource, 'readSnapshot'>;
  restorer: AccountRestorer;
  index: Pick<ExportIndex, 'entries'>;
}

export interface RestoreOptions {
  /** Looks and compares only. */
  dryRun: boolean;
  /** Where the export has two histories, take the later one; without it such an account is refused. */
  takeLater: boolean;
}

/** What became of one account. Sequences; 0 where the store had no books. */
export type Restoration = { accountId: string } & (
  | { result: 'restored' | 'restorable'; presentSequence: number; sequence: number; abandoned?: SequenceRange }
  /** The store has all that the export has of the history that the store went on with. */
  | { result: 'current'; presentSequence: number; sequence: number; abandoned?: SequenceRange }
  /** Nothing was changed. `sequence`: the first entry that is in the way. */
  | { result: 'refused'; presentSequence: number; sequence: number; reason: string }
);

type Outcome = Omit<Extract<Restoration, { result: 'refused' }>, 'accountId' | 'presentSequence'>;

/**
 * Brings one account in the store up to the end of its export, if the store has an earlier state of the same history,
 * or nothing. Whatever does not fit is refused and told: which of two histories counts is for people to say.
 * @throws LedgerCorrupt when what was written does not read back as it should.
 */
export async function restoreAccount(
  parts: RestoreParts,
  history: ExportedHistory,
  options: RestoreOptions,
): Promise<Restoration> {
  const { accountId, lastSequence, abandoned } = history;
  const presentSequence = (await parts.ledger.readBooks(accountId))?.sequence ?? 0;
  const facts = { accountId, presentSequence };
  const done = { ...facts, sequence: lastSequence, ...(abandoned === undefined ? {} : { abandoned }) };
  const obstacle = await findObstacle(parts, history, presentSequence, options);
  if (obstacle !== undefined) return { ...facts, ...obstacle };
  if (presentSequence >= lastSequence) return { ...done, result: 'current' };
  const folded = await foldHistory(parts, history, presentSequence);
  if ('refused' in folded) return { ...facts, ...folded.refused };
  if (options.dryRun) return { ...done, result: 'restorable' };
  const { fold } = folded;
  const written = await parts.restorer.restore(
    { fold, snapshot: history.snapshot, entries: entriesOf(parts, history) },
    presentSequence,
  );
  if (written === 'changed') {
    const reason = 'the account changed meanwhile: another process uses the store';
    return { ...facts, ...refuse(presentSequence, reason) };
  }
  await proveAccount(parts, fold);
  return { ...done, result: 'restored' };
}

/** Those after the snapshot: what the store keeps beside it. */
function entriesOf({ index }: RestoreParts, { accountId, snapshot }: ExportedHistory): Iterable<JournalEntry> {
  const afterSequence = snapshot?.sequence ?? 0;
  return { [Symbol.iterator]: () => index.entries(accountId, { afterSequence })[Symbol.iterator]() };
}

function refuse(sequence: number, reason: string): Outcome {
  return { result: 'refused', sequence, reason };
}

/** Why what the store has cannot give way, or the export not take its place. */
async function findObstacle(
  parts: RestoreParts,
  history: ExportedHistory,
  presentSequence: number,
  options: RestoreOptions,
): Promise<Outcome | undefined> {
  const { accountId, snapshot, lastSequence } = history;
  const { divergence, lastCommon = 0 } = await compareHistories(parts.ledger, parts.index, accountId);
  if (divergence !== undefined) {
    const { sequence, exported, stored } = divergence;
    const [left, right] = [describe(exported), describe(stored)];
    return refuse(sequence, `entry ${sequence} differs: the export has ${left}, the store ${right}`);
  }
  const fork = findFork(history, lastCommon, options);
  if (fork !== undefined || presentSequence === 0 || presentSequence >= lastSequence) return fork;
  const [difference] = (await reconcileAccount(parts, accountId))?.differences ?? [];
  if (difference !== undefined) return refuse(presentSequence, describeDifference(difference));
  // Where the fold passes the store's sequence, the two states are compared; else only common entries can tell.
  if ((snapshot?.sequence ?? 0) <= presentSequence || lastCommon === presentSequence) return undefined;
  const reason = 'so it cannot be shown that the store has the same history';
  return refuse(presentSequence, `the export no longer has entry ${presentSequence}, ${reason}`);
}

/** A store that has the fork behind it shows which of the two histories it took. */
function findFork({ fork }: ExportedHistory, lastCommon: number, { takeLater }: RestoreOptions): Outcome | undefined {
  if (fork === undefined || lastCommon >= fork.sequence || (takeLater && fork.isOrdered)) return undefined;
  const { sequence, isOrdered } = fork;
  const what = `the export has two histories from entry ${sequence} on, since the store had lost writes`;
  const choice = isOrdered ? '; --take-later takes the later one' : ', and which is the later one cannot be told';
  return refuse(sequence, what + choice);
}

async function foldHistory(
  parts: RestoreParts,
  history: ExportedHistory,
  presentSequence: number,
): Promise<{ fold: JournalFold } | { refused: Outcome }> {
  const { accountId, snapshot } = history;
  const fold = snapshot === undefined ? createFold(accountId) : readFold(snapshot.books);
  const isWhole = snapshot === undefined;
  const present = presentSequence === 0 ? undefined : await parts.ledger.readBooks(accountId);
  const findUnlike = (): Outcome | undefined => {
    if (present === undefined || fold.books.sequence !== presentSequence) return undefined;
    const [difference] = findDifferences(fold, present, { isWhole });
    return difference === undefined ? undefined : refuse(presentSequence, describeDifference(difference));
  };
  let obstacle = findUnlike();
  for (const entry of entriesOf(parts, history)) {
    if (obstacle !== undefined) break;
    try {
      foldEntry(fold, entry);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      obstacle = refuse(fold.books.sequence + 1, `the export cannot be followed: ${error.message}`);
      break;
    }
    obstacle = findUnlike();
  }
  return obstacle === undefined ? { fold } : { refused: obstacle };
}

/** What was written is read back and held against its journal. */
async function proveAccount(parts: RestoreParts, { books }: JournalFold): Promise<void> {
  const found = await reconcileAccount(parts, books.accountId);
  const [difference] = found?.differences ?? [];
  if (found?.sequence === books.sequence && difference === undefined) return;
  const what = difference === undefined ? 'it ends at another entry' : describeDifference(difference);
  throw new LedgerCorrupt(`account ${books.accountId} was restored and does not read back: ${what}`);
}

function describe({ operation, subjectId, atMs }: JournalEntry): string {
  return `${operation} ${subjectId} of ${new Date(atMs).toISOString()}`;
}

function describeDifference({ what, journal, store }: Difference): string {
  return `the books in the store do not agree with their journal: ${what}: journal ${journal}, store ${store}`;
}
