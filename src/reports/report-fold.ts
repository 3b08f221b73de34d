import { setImmediate as afterOthers } from 'node:timers/promises';
import { createWindowCache } from '../domain/window-cache.ts';
import { readFold } from '../ledger/journal-fold.ts';
import type { JournalSource } from '../ledger/journal-source.ts';
import { createJournalSums, type JournalSums } from './journal-sums.ts';
import { balanceChangeOf, statementCounts } from './report-counts.ts';
import type { ReportStore } from './report-store.ts';

export interface ReportFoldParts {
  journal: Pick<JournalSource, 'readExportState' | 'readSnapshot'>;
  store: ReportStore;
  directory: { findAccount(accountId: string): Promise<{ timezone: string } | undefined> };
  logger: { warn(facts: object, text: string): void };
}

/** Brings the sums of accounts up to their journals. */
export interface ReportFold {
  /** @returns the entry up to which the sums stand: the last one, or one that was written meanwhile. */
  foldAccount(accountId: string): Promise<number>;
}

/** Read and counted in one go, while which calls wait: a few milliseconds. */
const PAGE = 100;
/** Another process folds the same account: what it did is read and gone on from. Each time one of them gets on. */
const LOST_RACES_AT_MOST = 1_000;

/**
 * Each entry is counted exactly once, however many processes fold: the sums and the sequence up to which they stand
 * move in one step, which is refused to whoever began from an older state. Sums that are ahead of the journal, which
 * has lost entries then, are forgotten and made anew.
 */
export function createReportFold(parts: ReportFoldParts): ReportFold {
  const findWindow = createWindowCache();
  const running = new Map<string, Promise<number>>();

  const foldOnce = async (accountId: string): Promise<number> => {
    const timezone = (await parts.directory.findAccount(accountId))?.timezone ?? 'UTC';
    let progress = await parts.store.readProgress(accountId);
    const { sequence } = await parts.journal.readExportState(accountId);
    if (progress > sequence) {
      parts.logger.warn({ account_id: accountId, progress, sequence }, 'sums are ahead of the journal; made anew');
      await parts.store.forget(accountId, progress);
      progress = await parts.store.readProgress(accountId);
    }
    for (let races = 0; progress < sequence && races < LOST_RACES_AT_MOST; ) {
      // The embedded store answers without a pause: calls go first.
      await afterOthers();
      const next = await foldPage(parts, accountId, progress, createJournalSums(findWindow, timezone));
      if (next === undefined) races += 1;
      if (next === progress) break;
      progress = next ?? (await parts.store.readProgress(accountId));
    }
    return progress;
  };

  return {
    foldAccount(accountId) {
      // One that began before may have missed the newest entries.
      const before = running.get(accountId)?.catch(() => undefined);
      const fold = Promise.resolve(before)
        .then(() => foldOnce(accountId))
        .finally(() => {
          if (running.get(accountId) === fold) running.delete(accountId);
        });
      running.set(accountId, fold);
      return fold;
    },
  };
}

/** @returns the last entry folded, or undefined when another process was quicker. */
async function foldPage(
  parts: ReportFoldParts,
  accountId: string,
  fromSequence: number,
  sums: JournalSums,
): Promise<number | undefined> {
  const { store } = parts;
  const read = await store.readEntries(accountId, { afterSequence: fromSequence, limit: PAGE });
  const carriedTo = await carryTrimmed(parts, accountId, { fromSequence, first: read?.firstSequence }, sums);
  for (const entry of read?.entries ?? []) if (entry.sequence > carriedTo) sums.addEntry(entry);
  const toSequence = read?.lastSequence ?? carriedTo;
  if (toSequence === fromSequence) return fromSequence;
  const pages = await sums.addTo(store, accountId);
  return (await store.write(accountId, { fromSequence, toSequence, pages })) ? toSequence : undefined;
}

/**
 * Entries that left the store before they were counted, as after a restore, leave their effect on the balance only:
 * it is taken over from the snapshot that stands for them.
 * @returns the entry up to which the balance stands then.
 */
async function carryTrimmed(
  { journal, store }: ReportFoldParts,
  accountId: string,
  { fromSequence, first }: { fromSequence: number; first: number | undefined },
  sums: JournalSums,
): Promise<number> {
  if (first === fromSequence + 1) return fromSequence;
  const snapshot = await journal.readSnapshot(accountId);
  const books = snapshot === undefined ? undefined : readFold(snapshot).books;
  if (books === undefined || books.sequence <= fromSequence) return fromSequence;
  const { grantedNanoUsd, expiredNanoUsd, voidedNanoUsd } = books.totals;
  const balance = grantedNanoUsd - expiredNanoUsd - voidedNanoUsd - books.chargedNanoUsd;
  const counted = statementCounts.create();
  for (const text of (await store.readStatements(accountId)).values()) {
    statementCounts.add(counted, statementCounts.read(text));
  }
  sums.addStatement(books.lastMs, { ...statementCounts.create(), carried: balance - balanceChangeOf(counted) });
  return books.sequence;
}
