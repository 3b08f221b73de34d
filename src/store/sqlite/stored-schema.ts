import type { SchemaPart } from './migrate-schema.ts';

/** Tables of what accounts have stored upstream. Instants in ms since 1970. */
export const STORED_SCHEMA: SchemaPart = {
  name: 'stored',
  migrations: [
    `
    CREATE TABLE batch (
      id TEXT PRIMARY KEY,
      record TEXT NOT NULL,
      -- Absent while it is being created.
      upstream_id TEXT UNIQUE,
      -- Absent: settled.
      due_at_ms INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX batch_due ON batch (due_at_ms) WHERE due_at_ms IS NOT NULL;

    -- Who owns what, in order of creation. An id of the upstream is of one kind only.
    CREATE TABLE stored_item (
      ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL,
      account_id TEXT NOT NULL,
      upstream_id TEXT NOT NULL,
      UNIQUE (kind, account_id, upstream_id)
    ) STRICT;
    CREATE INDEX stored_item_by_account ON stored_item (kind, account_id, ordinal);
    `,
  ],
};
