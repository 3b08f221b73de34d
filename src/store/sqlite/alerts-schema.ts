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
    `
    -- States by the rule and account, "alert_... acct_..."; those of an account's own levels by the account alone.
    ALTER TABLE alert_state RENAME COLUMN account_id TO key;

    CREATE TABLE alert_firing (
      key TEXT NOT NULL,
      level TEXT NOT NULL,
      fired_at_ms INTEGER NOT NULL,
      PRIMARY KEY (key, level)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX alert_firing_by_time ON alert_firing (fired_at_ms DESC);
    INSERT INTO alert_firing (key, level, fired_at_ms)
      SELECT account_id, CAST(level AS TEXT), fired_at_ms FROM alert_fired;
    DROP TABLE alert_fired;

    -- Rules and channels as JSON; owner '' is the installation.
    CREATE TABLE alert_record (
      kind TEXT NOT NULL,
      id TEXT NOT NULL,
      owner TEXT NOT NULL,
      record TEXT NOT NULL,
      made_order INTEGER NOT NULL,
      PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX alert_record_by_owner ON alert_record (kind, owner, made_order);

    -- Attempts to tell people something, by ids that follow time; account '' is the installation.
    CREATE TABLE alert_delivery (
      id TEXT PRIMARY KEY,
      account_id TEXT NOT NULL,
      delivery TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX alert_delivery_by_account ON alert_delivery (account_id, id);

    -- Notices given up are in the log of deliveries from now on.
    DELETE FROM alert_notice WHERE due_at_ms IS NULL;
    `,
  ],
};
