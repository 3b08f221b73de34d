import type { JournalEntry } from '../domain/credit/credit-types.ts';
import { createFold, foldEntry, type JournalFold, readFold, writeFold } from '../ledger/journal-fold.ts';
import type { JournalExporterParts } from './exporter-parts.ts';

/** Bounds of a round. */
const ACCOUNTS_AT_ONCE = 20;
const PAGES_AT_ONCE = 10;
const PAGE = 1_000;
/** An account whose journal cannot be folded is looked at again after this; it is never trimmed. */
const RETRY_MS = 86_400_000;

/**
 * Takes entries out of a store that cannot keep them all: only those that are exported and older than the time they
 * are kept, and only after a snapshot of the account as of the last of them is safe at the sinks. The store keeps the
 * same snapshot in their place.
 */
export async function trimJournal(parts: JournalExporterParts): Promise<void> {
  const beforeMs = parts.nowMs() - parts.keepMs;
  for (const accountId of await parts.source.findTrimmable(beforeMs, ACCOUNTS_AT_ONCE)) {
    await trimAccount(parts, accountId, beforeMs);
  }
}

async function trimAccount(parts: JournalExporterParts, accountId: string, beforeMs: number): Promise<void> {
  const { source, sinks, logger, metrics } = parts;
  const state = await source.readExportState(accountId);
  // What has left the store can no longer be counted.
  const counted = await countOrNothing(parts, accountId);
  if (counted === undefined) return;
  const exported = Math.min(state.exported, counted);
  const stored = await source.readSnapshot(accountId);
  const fold = stored === undefined ? createFold(accountId) : readFold(stored);
  const before = fold.books.sequence;
  let next: JournalEntry | undefined;
  try {
    next = await foldOld(parts, fold, { beforeMs, exported });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    logger.error({ err: error, account_id: accountId }, 'a journal that cannot be folded is not trimmed');
    metrics.journalGap();
    return source.scheduleTrim(accountId, parts.nowMs() - parts.keepMs + RETRY_MS);
  }
  const { sequence } = fold.books;
  if (sequence > before) {
    const books = writeFold(fold);
    for (const { sink } of sinks) await sink.write([{ type: 'snapshot', accountId, sequence, books }]);
    const trimmed = await source.trim(accountId, sequence, books);
    if (!trimmed) logger.warn({ account_id: accountId, sequence }, 'the journal was not trimmed: it is not exported');
  }
  await source.scheduleTrim(accountId, next === undefined || next.sequence > state.exported ? undefined : next.atMs);
}

/** One account that cannot be counted does not keep the others in the store. */
async function countOrNothing(parts: JournalExporterParts, accountId: string): Promise<number | undefined> {
  try {
    return await parts.beforeTrim(accountId);
  } catch (error) {
    parts.logger.error({ err: error, account_id: accountId }, 'an account that cannot be counted is not trimmed');
    return undefined;
  }
}

/** Folds what may go. @returns the first entry that stays, if there is one. */
async function foldOld(
  { ledger }: JournalExporterParts,
  fold: JournalFold,
  { beforeMs, exported }: { beforeMs: number; exported: number },
): Promise<JournalEntry | undefined> {
  const { books } = fold;
  for (let page = 0; page < PAGES_AT_ONCE; page += 1) {
    const entries = await ledger.readJournal(books.accountId, { afterSequence: books.sequence, limit: PAGE });
    for (const entry of entries) {
      if (entry.atMs >= beforeMs || entry.sequence > exported) return entry;
      foldEntry(fold, entry);
    }
    if (entries.length === 0) return undefined;
  }
  const [next] = await ledger.readJournal(books.accountId, { afterSequence: books.sequence, limit: 1 });
  return next;
}
