import type { SchemaPart } from './migrate-schema.ts';

/**
 * Tables of the directory. `record` is the whole record as JSON; the other columns are what is looked up or referred
 * to. `made_of` names the content a record was made of. `ordinal` is the order of creation.
 */
export const DIRECTORY_SCHEMA: SchemaPart = {
  name: 'directory',
  migrations: [
    `
    CREATE TABLE account (
      ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      made_of TEXT NOT NULL,
      record TEXT NOT NULL
    ) STRICT;

    CREATE TABLE team (
      ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      account_id TEXT NOT NULL REFERENCES account (id),
      made_of TEXT NOT NULL,
      record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX team_of_account ON team (account_id, ordinal);

    CREATE TABLE member (
      ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      account_id TEXT NOT NULL REFERENCES account (id),
      team_id TEXT REFERENCES team (id),
      made_of TEXT NOT NULL,
      record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX member_of_account ON member (account_id, ordinal);
    CREATE INDEX member_of_team ON member (team_id);

    CREATE TABLE api_key (
      ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      account_id TEXT NOT NULL REFERENCES account (id),
      team_id TEXT REFERENCES team (id),
      member_id TEXT REFERENCES member (id),
      made_of TEXT NOT NULL,
      record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX api_key_of_account ON api_key (account_id, ordinal);
    CREATE INDEX api_key_of_team ON api_key (team_id);
    CREATE INDEX api_key_of_member ON api_key (member_id);

    -- Every hash that finds a key: the present secret's and the one before the last rotation.
    CREATE TABLE secret (
      hash TEXT PRIMARY KEY,
      key_id TEXT NOT NULL REFERENCES api_key (id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE idempotency_key (
      scope TEXT NOT NULL,
      name TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      claimed_at_ms INTEGER NOT NULL,
      status INTEGER,
      body TEXT,
      PRIMARY KEY (scope, name)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX idempotency_key_by_age ON idempotency_key (claimed_at_ms);
    `,
    `
    -- scope_id: of the account, team, member or key whose calls it counts.
    CREATE TABLE quota (
      ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      account_id TEXT NOT NULL REFERENCES account (id),
      scope_id TEXT NOT NULL,
      made_of TEXT NOT NULL,
      record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX quota_of_account ON quota (account_id, ordinal);
    CREATE INDEX quota_of_scope ON quota (scope_id);
    `,
    `
    -- account_id, team_id: of its scope; both NULL for one of the installation. A team may go before its tokens.
    CREATE TABLE access_token (
      ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      account_id TEXT REFERENCES account (id),
      team_id TEXT,
      made_of TEXT NOT NULL,
      record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX access_token_of_account ON access_token (account_id, ordinal);

    CREATE TABLE token_secret (
      hash TEXT PRIMARY KEY,
      token_id TEXT NOT NULL REFERENCES access_token (id)
    ) STRICT, WITHOUT ROWID;
    `,
    `
    -- Tokens that have not been revoked, by their end: a creation counts those of its account.
    CREATE INDEX access_token_in_force ON access_token (account_id, ifnull(record ->> 'expiresAtMs', 9e15))
      WHERE record ->> 'revokedAtMs' IS NULL;
    `,
  ],
};
