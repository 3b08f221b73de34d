import pg from 'pg';
import type { ExportRecord, JournalSink } from './journal-sink.ts';
import { POSTGRES_MIGRATIONS } from './postgres-schema.ts';

export interface PostgresSinkOptions {
  /** `postgres://user:password@host:port/database?sslmode=...` */
  url: string;
  /** Of one statement, and of connecting; 10 s unless given. */
  timeoutMs?: number;
  /** Called with faults of an idle connection; the next write connects anew. */
  onFault: (error: Error) => void;
}

const TIMEOUT_MS = 10_000;
/** Any number that no other program on the database takes for its own locks. */
const MIGRATION_LOCK = 7_405_011_926;

const INSERT_ENTRIES = `
  INSERT INTO tollgate_journal
    (account_id, sequence, at, operation, subject_id, amount_nano_usd, postings, cells, terms, details)
  SELECT "accountId", sequence, to_timestamp("atMs" / 1000.0), operation, "subjectId", "amountNanoUsd",
    postings, cells, terms, details
  FROM jsonb_to_recordset($1::jsonb) AS entry (
    "accountId" text, sequence bigint, "atMs" numeric, operation text, "subjectId" text, "amountNanoUsd" bigint,
    postings jsonb, cells jsonb, terms jsonb, details jsonb)
  ON CONFLICT (account_id, sequence) DO NOTHING`;
const INSERT_GAPS = `
  INSERT INTO tollgate_journal_gap (account_id, after_sequence, next_sequence)
  SELECT "accountId", "afterSequence", "nextSequence"
  FROM jsonb_to_recordset($1::jsonb) AS gap ("accountId" text, "afterSequence" bigint, "nextSequence" bigint)
  ON CONFLICT DO NOTHING`;

/**
 * Writes entries into the table `tollgate_journal` of a PostgreSQL database, made at the first write by the user of
 * the URL. One that is there already stays as it is, so that an entry that comes again changes nothing. A write
 * returns when it is committed.
 */
export function createPostgresSink({ url, timeoutMs = TIMEOUT_MS, onFault }: PostgresSinkOptions): JournalSink {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'tollgate',
    max: 1,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + 1_000,
  });
  pool.on('error', onFault);
  let isMigrated = false;
  return {
    async write(records) {
      const entries = records.filter((record) => record.type === 'entry');
      const gaps = records.filter((record) => record.type === 'gap');
      if (entries.length + gaps.length === 0) return;
      if (!isMigrated) await migrate(pool);
      isMigrated = true;
      if (gaps.length > 0) await pool.query(INSERT_GAPS, [writeJson(gaps)]);
      if (entries.length > 0) await pool.query(INSERT_ENTRIES, [writeJson(entries)]);
    },
    close: () => pool.end(),
  };
}

/** Two processes that start at once wait for each other. Asks for no right beyond reading where all is in place. */
async function migrate(pool: pg.Pool): Promise<void> {
  if ((await readVersion(pool)) >= POSTGRES_MIGRATIONS.length) return;
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await client.query('CREATE TABLE IF NOT EXISTS tollgate_schema (version integer NOT NULL)');
    const version = await readVersion(client);
    for (const migration of POSTGRES_MIGRATIONS.slice(version)) await client.query(migration);
    await client.query('DELETE FROM tollgate_schema');
    await client.query('INSERT INTO tollgate_schema VALUES ($1)', [POSTGRES_MIGRATIONS.length]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

/** 0 where nothing is there yet. */
async function readVersion(client: pg.Pool | pg.PoolClient): Promise<number> {
  const there = await client.query("SELECT to_regclass('tollgate_schema') IS NOT NULL AS there");
  if (there.rows[0]?.there !== true) return 0;
  const { rows } = await client.query('SELECT max(version) AS version FROM tollgate_schema');
  return Number(rows[0]?.version ?? 0);
}

/** Amounts as decimal text. PostgreSQL keeps no NUL and no half of a surrogate pair in JSON. */
function writeJson(records: readonly ExportRecord[]): string {
  return JSON.stringify(records, (_name, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    return typeof value === 'string' ? value.replaceAll('\0', '\ufffd').toWellFormed() : value;
  });
}
