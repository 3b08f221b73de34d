import type { JournalSource } from '../ledger/journal-source.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createReportFold, type ReportFold, type ReportFoldParts } from './report-fold.ts';
import { createReportKeeper, type ReportKeeper } from './report-keeper.ts';
import type { ReportStore } from './report-store.ts';
import { createRunwayWatch } from './runway-watch.ts';

export interface StartReportsOptions {
  ledger: Ledger;
  journal: JournalSource;
  store: ReportStore;
  directory: ReportFoldParts['directory'];
  nowMs: () => number;
  every: (intervalMs: number, run: () => void) => () => void;
  logger: { warn(facts: object, text: string): void };
}

/** The sums over the journal, what keeps them up to it, and when credit ends. */
export interface Reports {
  fold: ReportFold;
  store: ReportStore;
  keeper: ReportKeeper;
  /** Of an account that was in use lately; undefined: not known, or not within ten years. */
  findEmptyAtMs(accountId: string): number | undefined;
}

export function startReports({ nowMs, every, ...parts }: StartReportsOptions): Reports {
  const { ledger, store, logger } = parts;
  const fold = createReportFold(parts);
  const runways = createRunwayWatch({ ledger, store, nowMs });
  const keeper = createReportKeeper({ fold, runways, every, logger });
  return { fold, store, keeper, findEmptyAtMs: runways.findEndMs };
}
