import type { SchemaPart } from './migrate-schema.ts';

/** Sums over the journal. All of it can be made anew from there. */
export const REPORTS_SCHEMA: SchemaPart = {
  name: 'reports',
  migrations: [
    `
    -- The entry up to which an account's journal is folded.
    CREATE TABLE report_progress (
      account_id TEXT PRIMARY KEY,
      sequence INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- Counts as decimal text: see src/reports/report-counts.ts. 'day' counts from 1970 in UTC, 0 for statements.
    CREATE TABLE report_cell (
      account_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      day INTEGER NOT NULL,
      name TEXT NOT NULL,
      counts TEXT NOT NULL,
      PRIMARY KEY (account_id, kind, day, name)
    ) STRICT, WITHOUT ROWID;
    `,
  ],
};
