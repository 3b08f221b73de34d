import type { SchemaPart } from './migrate-schema.ts';

/** Tables of the alerts. Levels in nano-dollars, instants in ms since 1970. */
export const ALERTS_SCHEMA: SchemaPart = {
  name: 'alerts',
  migrations: [
    `
    -- The states of an account's levels as one text, compared as a whole before a change.
    CREATE TABLE alert_state (
      account_id TEXT PRIMARY KEY,
      states TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE alert_fired (
      account_id TEXT NOT NULL,
      level INTEGER NOT NULL,
      fired_at_ms INTEGER NOT NULL,
      PRIMARY KEY (account_id, level)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX alert_fired_by_time ON alert_fired (fired_at_ms DESC);

    CREATE TABLE alert_notice (
      id TEXT PRIMARY KEY,
      payload TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      -- Absent: given up.
      due_at_ms INTEGER,
      abandoned_order INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX alert_notice_due ON alert_notice (due_at_ms) WHERE due_at_ms IS NOT NULL;
    CREATE INDEX alert_notice_abandoned ON alert_notice (abandoned_order) WHERE abandoned_order IS NOT NULL;
    `,
  ],
};
