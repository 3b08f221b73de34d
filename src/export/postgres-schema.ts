/**
 * Migrations of the journal in PostgreSQL, in order. A released one is never edited: a change is a further one.
 * Amounts are in nano-dollars.
 */
export const POSTGRES_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE tollgate_journal (
    account_id text NOT NULL,
    sequence bigint NOT NULL,
    at timestamptz NOT NULL,
    operation text NOT NULL,
    subject_id text NOT NULL,
    amount_nano_usd bigint NOT NULL,
    postings jsonb NOT NULL,
    cells jsonb NOT NULL,
    terms jsonb,
    details jsonb,
    exported_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, sequence)
  );
  CREATE INDEX tollgate_journal_by_time ON tollgate_journal (at);
  -- Entries that the store had lost when they were to be exported.
  CREATE TABLE tollgate_journal_gap (
    account_id text NOT NULL,
    after_sequence bigint NOT NULL,
    next_sequence bigint NOT NULL,
    noticed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, after_sequence, next_sequence)
  );
  `,
];
