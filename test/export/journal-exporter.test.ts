import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findBrokenInvariants } from '../../src/domain/credit/find-broken-invariants.ts';
import { foldJournal } from '../../src/domain/credit/fold-journal.ts';
import { createFileSink } from '../../src/export/file-sink.ts';
import { createJournalExporter, type JournalExporter } from '../../src/export/journal-exporter.ts';
import type { ExportRecord, JournalSink } from '../../src/export/journal-sink.ts';
import { createFold, foldEntry, readFold, writeFold } from '../../src/ledger/journal-fold.ts';
import type { JournalSource } from '../../src/ledger/journal-source.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { connectRedis, type RedisClient } from '../../src/store/redis/connect-redis.ts';
import { createRedisJournalSource } from '../../src/store/redis/redis-journal-source.ts';
import { ledgerKeys, ledgerTag } from '../../src/store/redis/redis-keys.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteJournalSource } from '../../src/store/sqlite/sqlite-journal-source.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { makeHoldId } from '../ledger/make-hold-id.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 10, 20, 12);
const KEEP_MS = 7 * DAY_MS;

interface Opened {
  ledger: Ledger;
  source: JournalSource;
  client?: RedisClient;
  close(): Promise<void>;
}

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

let clock: { nowMs: number };
const STORES: [name: string, open: () => Promise<Opened>][] = [
  [
    'SQLite',
    async () => {
      const database = openDatabase({ path: ':memory:', parts: [LEDGER_SCHEMA] });
      const ledger = createSqliteLedger({ database, clock: () => clock.nowMs });
      return { ledger, source: createSqliteJournalSource(database), close: async () => database.close() };
    },
  ],
  [
    'Redis',
    async () => {
      const connection = { url: server.url, commandTimeoutMs: 5_000, startTimeoutMs: 5_000 };
      const client = await connectRedis({ ...connection, onFault: () => {} });
      await client.flushall();
      const ledger = createRedisLedger({ client, clock: () => clock.nowMs });
      return { ledger, source: createRedisJournalSource(client), client, close: async () => client.disconnect() };
    },
  ],
];

/** A sink in memory that can be told to fail, before or after it has taken the records. */
function createMemorySink() {
  const records: ExportRecord[] = [];
  let fails: 'before' | 'after' | undefined;
  const sink: JournalSink = {
    async write(added) {
      if (fails === 'before') throw new Error('disk full');
      records.push(...added);
      if (fails === 'after') throw new Error('cut');
    },
    async close() {},
  };
  return {
    sink,
    records,
    fail(when: 'before' | 'after' | undefined): void {
      fails = when;
    },
  };
}

describe.each(STORES)('the journal export on %s', (name, open) => {
  let opened: Opened;
  let memory: ReturnType<typeof createMemorySink>;
  let exporter: JournalExporter;
  let counts: { exported: number; gaps: number; oldestAtMs: number | undefined };
  let log: string[];
  const exporterOf = (sink: JournalSink, owner = 'one') =>
    createJournalExporter({
      source: opened.source,
      ledger: opened.ledger,
      sinks: [{ name: 'files', sink }],
      listAccounts: async () => [],
      nowMs: () => clock.nowMs,
      every: () => () => {},
      owner,
      keepMs: KEEP_MS,
      beforeTrim: async () => Number.MAX_SAFE_INTEGER,
      metrics: {
        journalExported(entries) {
          counts.exported += entries;
        },
        journalSinkFailed() {},
        journalGap() {
          counts.gaps += 1;
        },
        journalLag(oldestAtMs) {
          counts.oldestAtMs = oldestAtMs;
        },
      },
      logger: { warn: (_facts, text) => void log.push(text), error: (_facts, text) => void log.push(text) },
    });
  beforeEach(async () => {
    clock = { nowMs: START_MS };
    counts = { exported: 0, gaps: 0, oldestAtMs: undefined };
    log = [];
    opened = await open();
    memory = createMemorySink();
    exporter = exporterOf(memory.sink);
  });
  afterEach(() => opened.close());

  const spend = async (accountId: string, calls: number) => {
    for (let number = 1; number <= calls; number += 1) {
      const cell = { quotaId: 'quota_day', window: 'day:x', measure: 'usd', limit: 99n, mode: 'soft' } as const;
      const call = { accountId, holdId: makeHoldId(clock.nowMs, number), amountNanoUsd: 2n, tokens: 1n };
      await opened.ledger.hold({ ...call, leaseMs: 60_000, modelLabels: [], cells: [cell] });
      await opened.ledger.settle({ ...call, modelLabels: [], cells: [cell] });
    }
  };
  const openAccount = async (accountId: string) => {
    await opened.ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
    await opened.ledger.grant({
      ...{ accountId, grantId: 'grant_1', amountNanoUsd: 1_000n, kind: 'paid', priority: 50 },
      ...{ effectiveAtMs: START_MS, expiresAtMs: START_MS + 365 * DAY_MS },
    });
  };
  const entriesOf = (accountId: string) =>
    memory.records.flatMap((record) => (record.type === 'entry' && record.accountId === accountId ? [record] : []));
  const journalOf = (accountId: string) => opened.ledger.readJournal(accountId, { afterSequence: 0, limit: 9_999 });

  test('carries every entry of every account in sequence, once when nothing fails', async () => {
    await openAccount('acct_a');
    await openAccount('acct_b');
    await spend('acct_a', 3);
    await exporter.run();
    await spend('acct_b', 2);
    expect((await opened.source.findUnexported(10)).accounts).toEqual(['acct_b']);
    await exporter.run();
    await exporter.run();
    for (const accountId of ['acct_a', 'acct_b']) {
      expect(entriesOf(accountId).map(({ type: _, ...entry }) => entry)).toEqual(await journalOf(accountId));
    }
    expect(memory.records).toHaveLength(counts.exported);
    expect(counts.exported).toBe(8 + 6);
    expect(counts.gaps).toBe(0);
    expect(await opened.source.findUnexported(10)).toEqual({ accounts: [], oldestAtMs: undefined });
  });

  test('an account with a single entry is exported as well', async () => {
    await opened.ledger.openAccount({ accountId: 'acct_one', mode: 'prepaid', creditLimitNanoUsd: 0n });
    await exporter.run();
    expect((await opened.source.readExportState('acct_one')).exported).toBe(1);
    expect((await opened.source.findUnexported(10)).accounts).toEqual([]);
  });

  test('what a sink did not take, or took and did not say so, comes again', async () => {
    await openAccount('acct_a');
    memory.fail('before');
    await exporter.run();
    memory.fail('after');
    await exporter.run();
    memory.fail(undefined);
    expect(log).toHaveLength(2);
    expect((await opened.source.readExportState('acct_a')).exported).toBe(0);
    await exporter.run();
    expect(entriesOf('acct_a').map((entry) => entry.sequence)).toEqual([1, 2, 1, 2]);
    expect((await opened.source.readExportState('acct_a')).exported).toBe(2);
    expect(counts.oldestAtMs).toBe(START_MS);
  });

  test('a journal of several pages is carried page by page', async () => {
    await openAccount('acct_a');
    for (let number = 0; number < 1_100; number += 1) {
      await opened.ledger.setPolicy({ accountId: 'acct_a', status: number % 2 === 0 ? 'frozen' : 'open' });
    }
    await exporter.run();
    expect(counts.exported).toBe(1_000);
    await exporter.run();
    expect(entriesOf('acct_a').map((entry) => entry.sequence)).toEqual(
      Array.from({ length: 1_102 }, (_, at) => at + 1),
    );
  });

  test('nothing leaves the store before it is exported and old enough', async () => {
    await openAccount('acct_a');
    await spend('acct_a', 3);
    clock.nowMs += KEEP_MS + 1;
    memory.fail('before');
    await exporter.run();
    expect(await journalOf('acct_a')).toHaveLength(8);
    memory.fail(undefined);
    clock.nowMs = START_MS + KEEP_MS;
    await exporter.run();
    await exporter.run();
    expect(await journalOf('acct_a')).toHaveLength(8);
    expect(await opened.source.trim('acct_a', 9, '{}')).toBe(false);
    expect(await journalOf('acct_a')).toHaveLength(8);
  });

  test('what was trimmed stands in a snapshot: snapshot and rest rebuild the account', async () => {
    await openAccount('acct_a');
    await spend('acct_a', 3);
    const open = { accountId: 'acct_a', holdId: makeHoldId(clock.nowMs, 9), amountNanoUsd: 7n, tokens: 1n };
    await opened.ledger.hold({ ...open, leaseMs: 60_000, modelLabels: [], cells: [] });
    const whole = await journalOf('acct_a');
    clock.nowMs += KEEP_MS;
    await spend('acct_a', 1);
    const rest = (await journalOf('acct_a')).slice(whole.length);
    clock.nowMs += 1;
    await exporter.run();
    await exporter.run();
    const kept = await journalOf('acct_a');
    if (name === 'SQLite') {
      expect(kept).toEqual([...whole, ...rest]);
      return;
    }
    expect(kept).toEqual(rest);
    const snapshot = await opened.source.readSnapshot('acct_a');
    const written = memory.records.find((record) => record.type === 'snapshot');
    expect(written).toEqual({ type: 'snapshot', accountId: 'acct_a', sequence: whole.length, books: snapshot });
    const fold = readFold(snapshot ?? '');
    for (const entry of rest) foldEntry(fold, entry);
    const { tombstones: _, ...rebuilt } = fold.books;
    const { tombstones: __, ...expected } = foldJournal('acct_a', [...whole, ...rest]);
    expect(rebuilt).toEqual(expected);
    expect(findBrokenInvariants(fold.books, clock.nowMs)).toEqual([]);
    // The export alone holds all of it.
    expect(entriesOf('acct_a')).toHaveLength(whole.length + rest.length);
    await spend('acct_a', 1);
    clock.nowMs += KEEP_MS + 1;
    await exporter.run();
    await exporter.run();
    expect(await journalOf('acct_a')).toEqual([]);
    await opened.ledger.setPolicy({ accountId: 'acct_a', status: 'frozen' });
    expect((await journalOf('acct_a')).map((entry) => entry.sequence)).toEqual([whole.length + rest.length + 3]);
  });

  test('an account that is exported in part goes behind the others', async () => {
    if (opened.client === undefined) return;
    const tag = ledgerTag('acct_busy');
    const names = Array.from({ length: 1_000 }, (_, number) => `acct_${number}`);
    const other = names.find((accountId) => ledgerTag(accountId) === tag) ?? '';
    await openAccount('acct_busy');
    clock.nowMs += 1_000;
    await openAccount(other);
    expect((await opened.source.findUnexported(10)).accounts).toEqual(['acct_busy', other]);
    await opened.source.markExported('acct_busy', 1, START_MS);
    expect((await opened.source.findUnexported(10)).accounts).toEqual([other, 'acct_busy']);
  });

  test('a trim is of what is exported, and does not go back', async () => {
    if (opened.client === undefined) return;
    await openAccount('acct_a');
    await spend('acct_a', 2);
    const trim = (through: number, snapshot: string) => opened.source.trim('acct_a', through, snapshot);
    expect(await trim(1, '{"at":1}')).toBe(false);
    await exporter.run();
    expect(await trim(1, '{"at":1}')).toBe(true);
    expect(await opened.source.readSnapshot('acct_a')).toBe('{"at":1}');
    expect(await trim(4, '{"at":4}')).toBe(true);
    // Late, or sent again.
    expect(await trim(3, '{"at":3}')).toBe(true);
    expect(await trim(4, '{"at":"again"}')).toBe(true);
    expect(await opened.source.readSnapshot('acct_a')).toBe('{"at":4}');
    expect((await journalOf('acct_a')).map((entry) => entry.sequence)).toEqual([5, 6]);
  });

  test('only one process exports at a time', async () => {
    if (name === 'SQLite') return;
    const other = createMemorySink();
    await exporter.run();
    await openAccount('acct_a');
    await exporterOf(other.sink, 'two').run();
    expect(other.records).toEqual([]);
    await exporter.run();
    expect(memory.records).toHaveLength(2);
    await opened.client?.del('{tg:ex}:lease');
    await openAccount('acct_b');
    await exporterOf(other.sink, 'two').run();
    expect(other.records).toHaveLength(2);
  });

  test('only its own process lets go of the export', async () => {
    if (name === 'SQLite') return;
    const { source } = opened;
    expect(await source.claim('one', 60_000)).toBe(true);
    await source.unclaim('two');
    expect(await source.claim('two', 60_000)).toBe(false);
    await source.unclaim('one');
    expect(await source.claim('two', 60_000)).toBe(true);
  });

  test('missing entries are told, and what is there goes on', async () => {
    if (opened.client === undefined) return;
    await openAccount('acct_a');
    await spend('acct_a', 2);
    await opened.client.xdel(ledgerKeys.journal('acct_a'), '3-0', '4-0');
    await exporter.run();
    expect(memory.records.map((record) => record.type)).toEqual(['entry', 'entry', 'gap', 'entry', 'entry']);
    expect(memory.records[2]).toEqual({ type: 'gap', accountId: 'acct_a', afterSequence: 2, nextSequence: 5 });
    expect(counts.gaps).toBe(1);
    clock.nowMs += KEEP_MS + 1;
    await exporter.run();
    expect(await journalOf('acct_a')).toHaveLength(4);
    expect(log).toContain('a journal that cannot be folded is not trimmed');
  });

  test('a store that lost writes is exported anew', async () => {
    if (opened.client === undefined) return;
    await openAccount('acct_a');
    await exporter.run();
    await opened.client.hset(ledgerKeys.exported(ledgerTag('acct_a')), 'acct_a', '9');
    await spend('acct_a', 1);
    await exporter.run();
    expect(counts.gaps).toBe(1);
    await exporter.run();
    expect(entriesOf('acct_a').map((entry) => entry.sequence)).toEqual([1, 2, 1, 2, 3, 4]);
  });
});

describe('a snapshot', () => {
  test('leaves out cells whose time is over, and keeps those without an end', () => {
    const fold = createFold('acct_a');
    const entry = (sequence: number, atMs: number, windows: string[]) =>
      foldEntry(fold, {
        ...{ accountId: 'acct_a', sequence, atMs, operation: 'tick', subjectId: 'acct_a', amountNanoUsd: 0n },
        ...{ postings: [], cells: windows.map((window) => ({ quotaId: 'quota_1', window, held: 0n, used: 3n })) },
      });
    entry(1, START_MS, ['minute:a', 'total']);
    entry(2, START_MS + 72 * DAY_MS, ['minute:b']);
    expect([...readFold(writeFold(fold)).books.cells.keys()]).toEqual(['quota_1@total', 'quota_1@minute:b']);
  });
  test('of another format is refused', () => {
    expect(() => readFold('{"format":2,"grants":[],"holds":[],"refunds":[],"cells":[]}')).toThrow(RangeError);
  });
});

describe('the file sink', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tollgate-export-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const lines = () =>
    readdirSync(join(folder, 'out'))
      .sort()
      .map((file) =>
        readFileSync(join(folder, 'out', file), 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
      );
  const entryOf = (sequence: number): ExportRecord => ({
    ...{ type: 'entry', accountId: 'acct_a', sequence, atMs: 1, operation: 'grant', subjectId: 'grant_1' },
    ...{ amountNanoUsd: 9_007_199_254_740_991n, cells: [] },
    postings: [{ kind: 'grant', grantId: 'grant_1', amountNanoUsd: 99_999_999_999_999n }],
  });

  test('writes a line per record with exact amounts, for its owner only', async () => {
    const sink = createFileSink({ folder: join(folder, 'out'), nowMs: () => START_MS });
    await sink.write([entryOf(1), { type: 'snapshot', accountId: 'acct_a', sequence: 1, books: '{"format":1}' }]);
    await sink.write([]);
    await sink.close();
    expect(lines()).toEqual([
      [
        {
          ...{ type: 'entry', accountId: 'acct_a', sequence: 1, atMs: 1, operation: 'grant', subjectId: 'grant_1' },
          amountNanoUsd: '9007199254740991',
          cells: [],
          postings: [{ kind: 'grant', grantId: 'grant_1', amountNanoUsd: '99999999999999' }],
        },
        { type: 'snapshot', accountId: 'acct_a', sequence: 1, books: { format: 1 } },
      ],
    ]);
    const [file = ''] = readdirSync(join(folder, 'out'));
    expect(statSync(join(folder, 'out', file)).mode & 0o777).toBe(0o600);
  });
  test('begins a new file when one is full, old, or another process has the name', async () => {
    const now = { nowMs: START_MS };
    const options = { folder: join(folder, 'out'), nowMs: () => now.nowMs };
    const sink = createFileSink({ ...options, fileBytesAtMost: 300, fileLifeMs: 1_000 });
    const other = createFileSink(options);
    await sink.write([entryOf(1)]);
    await sink.write([entryOf(2)]);
    await sink.write([entryOf(3)]);
    await other.write([entryOf(9)]);
    now.nowMs += 1_000;
    await sink.write([entryOf(4)]);
    await Promise.all([sink.close(), other.close()]);
    expect(lines().map((file) => file.map((line) => line.sequence))).toEqual([[1, 2], [3], [9], [4]]);
  });
  test('a folder that cannot be written rejects, and works again once it can', async () => {
    const path = join(folder, 'out');
    const sink = createFileSink({ folder: path, nowMs: () => START_MS });
    writeFileSync(path, 'in the way');
    await expect(sink.write([entryOf(1)])).rejects.toThrow();
    rmSync(path);
    await sink.write([entryOf(1)]);
    await sink.close();
    expect(lines()).toHaveLength(1);
  });
});
