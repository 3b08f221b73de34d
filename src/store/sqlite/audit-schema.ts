import type { SchemaPart } from './migrate-schema.ts';

/** Administrative acts in the order in which they began. `act` and `result` are JSON; `result` NULL: not known. */
export const AUDIT_SCHEMA: SchemaPart = {
  name: 'audit',
  migrations: [
    `
    CREATE TABLE audit (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      at_ms INTEGER NOT NULL,
      act TEXT NOT NULL,
      result TEXT
    ) STRICT;
    `,
    `
    -- Whose account an act is on; NULL where it is on none.
    ALTER TABLE audit ADD COLUMN account_id TEXT;
    UPDATE audit SET account_id = json_extract(act, '$.ids.account_id');
    CREATE INDEX audit_of_account ON audit (account_id, sequence);
    `,
  ],
};
