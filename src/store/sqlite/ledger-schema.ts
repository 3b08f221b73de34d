import type { SchemaPart } from './migrate-schema.ts';

/**
 * Tables of the ledger. Amounts are integers in nano-dollars, instants in ms since 1970. Lists are JSON with amounts
 * as strings. `journal` is the truth; the other tables are its fold, kept because folding at each call would be slow.
 */
export const LEDGER_SCHEMA: SchemaPart = {
  name: 'ledger',
  migrations: [
    `
    CREATE TABLE books (
      account_id TEXT PRIMARY KEY,
      status TEXT NOT NULL,
      mode TEXT NOT NULL,
      credit_limit INTEGER NOT NULL,
      debt INTEGER NOT NULL CHECK (debt >= 0),
      debt_held INTEGER NOT NULL CHECK (debt_held >= 0),
      charged INTEGER NOT NULL CHECK (charged >= 0),
      granted INTEGER NOT NULL,
      remaining INTEGER NOT NULL CHECK (remaining >= 0),
      held INTEGER NOT NULL CHECK (held >= 0),
      spent INTEGER NOT NULL CHECK (spent >= 0),
      expired INTEGER NOT NULL,
      voided INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      last_ms INTEGER NOT NULL,
      grant_count INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE credit_grant (
      account_id TEXT NOT NULL REFERENCES books (account_id),
      grant_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      priority INTEGER NOT NULL,
      effective_at_ms INTEGER NOT NULL,
      expires_at_ms INTEGER NOT NULL,
      ordinal INTEGER NOT NULL,
      models TEXT,
      voided INTEGER NOT NULL,
      granted INTEGER NOT NULL,
      remaining INTEGER NOT NULL CHECK (remaining >= 0),
      held INTEGER NOT NULL CHECK (held >= 0),
      spent INTEGER NOT NULL,
      expired INTEGER NOT NULL,
      voided_amount INTEGER NOT NULL,
      PRIMARY KEY (account_id, grant_id),
      CHECK (granted = remaining + held + spent + expired + voided_amount)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX live_grant ON credit_grant (account_id) WHERE remaining > 0 OR held > 0;
    CREATE INDEX grant_by_expiry ON credit_grant (expires_at_ms) WHERE remaining > 0;

    CREATE TABLE hold (
      account_id TEXT NOT NULL REFERENCES books (account_id),
      hold_id TEXT NOT NULL,
      amount INTEGER NOT NULL,
      deadline_ms INTEGER NOT NULL,
      created_at_ms INTEGER NOT NULL,
      debt_held INTEGER NOT NULL,
      allocations TEXT NOT NULL,
      cells TEXT NOT NULL,
      PRIMARY KEY (account_id, hold_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX hold_by_deadline ON hold (deadline_ms);

    -- How holds ended; forgotten when no settle of that id can be accepted any more.
    CREATE TABLE tombstone (
      account_id TEXT NOT NULL,
      hold_id TEXT NOT NULL,
      state TEXT NOT NULL,
      amount INTEGER NOT NULL,
      at_ms INTEGER NOT NULL,
      forget_at_ms INTEGER NOT NULL,
      PRIMARY KEY (account_id, hold_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tombstone_by_end ON tombstone (forget_at_ms);

    CREATE TABLE quota_cell (
      account_id TEXT NOT NULL,
      quota_id TEXT NOT NULL,
      window TEXT NOT NULL,
      used INTEGER NOT NULL,
      held INTEGER NOT NULL CHECK (held >= 0),
      PRIMARY KEY (account_id, quota_id, window)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE journal (
      account_id TEXT NOT NULL REFERENCES books (account_id),
      sequence INTEGER NOT NULL,
      at_ms INTEGER NOT NULL,
      operation TEXT NOT NULL,
      subject_id TEXT NOT NULL,
      amount INTEGER NOT NULL,
      postings TEXT NOT NULL,
      cells TEXT NOT NULL,
      terms TEXT,
      details TEXT,
      PRIMARY KEY (account_id, sequence)
    ) STRICT, WITHOUT ROWID;
    `,
    `
    -- Charges given back, for good: a refund sent again must never be done twice.
    CREATE TABLE refund (
      account_id TEXT NOT NULL REFERENCES books (account_id),
      refund_id TEXT NOT NULL,
      hold_id TEXT NOT NULL,
      amount INTEGER NOT NULL CHECK (amount > 0),
      PRIMARY KEY (account_id, refund_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX refund_of_hold ON refund (account_id, hold_id, amount);
    `,
    `
    -- The last entry of each account that is safe outside this file.
    CREATE TABLE journal_export (
      account_id TEXT PRIMARY KEY REFERENCES books (account_id),
      exported INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    `,
    `
    -- Corrections stand among the refunds; what one charged besides is below zero.
    CREATE TABLE refund_or_correction (
      account_id TEXT NOT NULL REFERENCES books (account_id),
      refund_id TEXT NOT NULL,
      hold_id TEXT NOT NULL,
      amount INTEGER NOT NULL CHECK (amount <> 0),
      PRIMARY KEY (account_id, refund_id)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO refund_or_correction SELECT account_id, refund_id, hold_id, amount FROM refund;
    DROP TABLE refund;
    ALTER TABLE refund_or_correction RENAME TO refund;
    CREATE INDEX refund_of_hold ON refund (account_id, hold_id, amount);
    `,
    `
    -- Of an account restored from an export that does not begin with its first entry: JSON as of the entry before.
    CREATE TABLE journal_snapshot (
      account_id TEXT PRIMARY KEY REFERENCES books (account_id),
      sequence INTEGER NOT NULL,
      books TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    `,
    `
    -- How far each sink has come, where there are several.
    CREATE TABLE journal_sink (
      account_id TEXT NOT NULL,
      sink TEXT NOT NULL,
      exported INTEGER NOT NULL,
      PRIMARY KEY (account_id, sink)
    ) STRICT, WITHOUT ROWID;
    `,
    `
    -- Auto-reload of accounts that ever had it. Instants of recent requests with commas between.
    CREATE TABLE reload (
      account_id TEXT PRIMARY KEY REFERENCES books (account_id),
      enabled INTEGER NOT NULL,
      disabled_reason TEXT,
      threshold INTEGER NOT NULL,
      mode TEXT NOT NULL,
      amount INTEGER NOT NULL,
      monthly_cap INTEGER NOT NULL,
      hourly_count INTEGER NOT NULL,
      count INTEGER NOT NULL,
      pending_number INTEGER,
      pending_amount INTEGER,
      pending_at_ms INTEGER,
      month_ends_at_ms INTEGER NOT NULL,
      month_amount INTEGER NOT NULL CHECK (month_amount >= 0),
      recent TEXT NOT NULL,
      declines INTEGER NOT NULL,
      next_at_ms INTEGER NOT NULL,
      -- When to ask for payment of what is pending.
      due_at_ms INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX reload_by_due ON reload (due_at_ms) WHERE due_at_ms IS NOT NULL;
    `,
  ],
};
