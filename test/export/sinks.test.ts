import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createCloudEventsSink } from '../../src/export/cloud-events-sink.ts';
import type { NamedSink } from '../../src/export/exporter-parts.ts';
import { createJournalExporter } from '../../src/export/journal-exporter.ts';
import type { ExportRecord } from '../../src/export/journal-sink.ts';
import { createPostgresSink } from '../../src/export/postgres-sink.ts';
import { makeHoldId } from '../ledger/make-hold-id.ts';
import { describeReports, type OpenedReports } from '../reports/report-stores.ts';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.ts';

const START_MS = Date.UTC(2026, 10, 20, 12);
const DAY_MS = 86_400_000;
const KEEP_MS = 7 * DAY_MS;

/** A receiver of CloudEvents that answers what it is told to. */
interface Receiver {
  url: string;
  status: number;
  batches: { headers: NodeJS.Dict<string | string[]>; events: Record<string, unknown>[] }[];
  close(): Promise<void>;
}

async function startReceiver(): Promise<Receiver> {
  const receiver: Receiver = { url: '', status: 204, batches: [], close: async () => {} };
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const events = JSON.parse(Buffer.concat(chunks).toString());
      if (receiver.status < 300) receiver.batches.push({ headers: request.headers, events });
      response.writeHead(receiver.status).end('thanks');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
  receiver.close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return receiver;
}

const entryOf = (sequence: number, terms: object = {}): ExportRecord => ({
  ...{ type: 'entry', accountId: 'acct_a', sequence, atMs: START_MS + 123, operation: 'settle', subjectId: 'hold_1' },
  ...{ amountNanoUsd: 9_007_199_254_740_991n, cells: [{ quotaId: 'q', window: 'w', held: -1n, used: 2n }] },
  postings: [{ kind: 'settle', grantId: 'grant_1', amountNanoUsd: 99_999_999_999_999n }],
  ...terms,
});
const GAP: ExportRecord = { type: 'gap', accountId: 'acct_a', afterSequence: 2, nextSequence: 5 };
const SNAPSHOT: ExportRecord = { type: 'snapshot', accountId: 'acct_a', sequence: 1, books: '{}' };

describe('the CloudEvents sink', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  test('posts a batch of CloudEvents 1.0, each with an id of its own within its source', async () => {
    const sink = createCloudEventsSink({ url: receiver.url, token: 'secret-token' });
    await sink.write([entryOf(1, { details: { model: 'm' } }), SNAPSHOT, entryOf(2), GAP]);
    await sink.write([SNAPSHOT]);
    await sink.close();
    expect(receiver.batches).toHaveLength(1);
    const [batch] = receiver.batches;
    expect(batch?.headers['content-type']).toBe('application/cloudevents-batch+json; charset=utf-8');
    expect(batch?.headers.authorization).toBe('Bearer secret-token');
    expect(batch?.events.map(({ source, id, type }) => [source, id, type])).toEqual([
      ['/tollgate/accounts/acct_a', '1', 'io.tollgate.journal.settle.v1'],
      ['/tollgate/accounts/acct_a', '2', 'io.tollgate.journal.settle.v1'],
      ['/tollgate/accounts/acct_a', 'gap-2-5', 'io.tollgate.journal.gap.v1'],
    ]);
    expect(batch?.events[0]).toMatchObject({
      ...{ specversion: '1.0', subject: 'hold_1', time: '2026-11-20T12:00:00.123Z' },
      datacontenttype: 'application/json',
      data: { sequence: 1, amountNanoUsd: '9007199254740991', details: { model: 'm' } },
    });
  });

  test('keeps a batch within bounds', async () => {
    const sink = createCloudEventsSink({ url: receiver.url, token: undefined });
    await sink.write([1, 2, 3, 4, 5].map((sequence) => entryOf(sequence, { details: { note: 'x'.repeat(200_000) } })));
    await sink.close();
    expect(receiver.batches.map(({ events }) => events.length)).toEqual([2, 2, 1]);
    expect(receiver.batches[0]?.headers.authorization).toBeUndefined();
  });

  test.each([301, 400, 429, 503])('takes %s as not taken, and names no address', async (status) => {
    receiver.status = status;
    const sink = createCloudEventsSink({ url: receiver.url, token: 'secret-token' });
    const failure = await sink.write([entryOf(1)]).catch((error: Error) => error);
    await sink.close();
    expect(failure).toMatchObject({ code: 'CLOUD_EVENTS_REFUSED', message: `the receiver answered ${status}` });
  });
});

describe('with PostgreSQL', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgresServer();
  });
  afterAll(() => postgres?.stop());
  const clear = () => postgres.query('DROP TABLE IF EXISTS tollgate_journal, tollgate_journal_gap, tollgate_schema');
  const openSink = (url = postgres.url) => createPostgresSink({ url, timeoutMs: 10_000, onFault: () => {} });
  const read = () => postgres.query('SELECT * FROM tollgate_journal ORDER BY account_id, sequence');

  test('the sink makes its tables, by two processes at once, and keeps exact amounts and odd texts', async () => {
    await clear();
    const sinks = [openSink(), openSink()];
    const odd = { details: { note: 'a\0b\ud800 \\u0000 "ü"' } };
    await Promise.all(sinks.map((sink) => sink.write([entryOf(1, odd), SNAPSHOT, entryOf(2), GAP])));
    const [row, ...others] = await read();
    expect(others).toHaveLength(1);
    expect(row).toMatchObject({
      ...{ account_id: 'acct_a', sequence: '1', operation: 'settle', subject_id: 'hold_1' },
      ...{ at: new Date(START_MS + 123), amount_nano_usd: '9007199254740991', terms: null },
      postings: [{ kind: 'settle', grantId: 'grant_1', amountNanoUsd: '99999999999999' }],
      cells: [{ quotaId: 'q', window: 'w', held: '-1', used: '2' }],
      details: { note: 'a\ufffdb\ufffd \\u0000 "ü"' },
    });
    const gaps = await postgres.query('SELECT after_sequence, next_sequence FROM tollgate_journal_gap');
    expect(gaps).toEqual([{ after_sequence: '2', next_sequence: '5' }]);
    await sinks[0]?.write([entryOf(2, { operation: 'late' }), entryOf(3)]);
    expect((await read()).map(({ sequence, operation }) => [sequence, operation])).toEqual([
      ['1', 'settle'],
      ['2', 'settle'],
      ['3', 'settle'],
    ]);
    await Promise.all(sinks.map((sink) => sink.close()));
  });

  test('a user who may only insert needs no more where the tables are', async () => {
    await clear();
    const first = openSink();
    await first.write([entryOf(1)]);
    await first.close();
    await postgres.query(`DROP ROLE IF EXISTS writer`);
    await postgres.query(`CREATE ROLE writer LOGIN`);
    await postgres.query(`GRANT INSERT, SELECT ON tollgate_journal, tollgate_journal_gap TO writer`);
    await postgres.query(`GRANT SELECT ON tollgate_schema TO writer`);
    const second = openSink(postgres.url.replace('owner', 'writer'));
    await second.write([entryOf(2)]);
    await second.close();
    expect(await read()).toHaveLength(2);
    await postgres.query('DROP OWNED BY writer');
  });

  describeReports('the export to several sinks', (open, kind) => {
    let clock: { nowMs: number };
    let opened: OpenedReports;
    let receiver: Receiver;
    let failed: string[];
    let exported: number;
    let accounts: string[];
    beforeEach(async () => {
      await clear();
      clock = { nowMs: START_MS };
      [failed, exported, accounts] = [[], 0, []];
      opened = await open(clock);
      receiver = await startReceiver();
    });
    afterEach(async () => {
      await receiver.close();
      await opened.close();
    });
    const exporterOf = (sinks: NamedSink[]) =>
      createJournalExporter({
        source: opened.journal,
        ledger: opened.ledger,
        sinks,
        listAccounts: async ({ after = '' }) => accounts.filter((id) => id > after).map((id) => ({ id })),
        nowMs: () => clock.nowMs,
        every: () => () => {},
        owner: 'one',
        keepMs: KEEP_MS,
        beforeTrim: async () => Number.MAX_SAFE_INTEGER,
        metrics: {
          journalExported(entries) {
            exported += entries;
          },
          journalGap() {},
          journalLag() {},
          journalSinkFailed: (sink) => void failed.push(sink),
        },
        logger: { warn() {}, error() {} },
      });
    const httpSink = (): NamedSink => ({
      name: 'http',
      sink: createCloudEventsSink({ url: receiver.url, token: undefined }),
    });
    const use = async (accountId: string) => {
      if (!accounts.includes(accountId)) {
        accounts.push(accountId);
        await opened.ledger.openAccount({ accountId, mode: 'postpaid', creditLimitNanoUsd: 1_000n });
      }
      clock.nowMs += 1;
      const call = { accountId, holdId: makeHoldId(clock.nowMs, 1), amountNanoUsd: 2n, tokens: 1n };
      await opened.ledger.hold({ ...call, leaseMs: 60_000, modelLabels: [], cells: [] });
      await opened.ledger.settle({ ...call, modelLabels: [], cells: [], details: { model: 'm' } });
    };
    const received = () => receiver.batches.flatMap(({ events }) => events.map(({ id }) => id));
    const journalOf = (accountId: string) => opened.ledger.readJournal(accountId, { afterSequence: 0, limit: 999 });

    test('one that is down keeps its entries in the store and no other sink waiting', async () => {
      const exporter = exporterOf([{ name: 'postgres', sink: openSink() }, httpSink()]);
      receiver.status = 503;
      await use('acct_a');
      await exporter.run();
      await use('acct_a');
      await use('acct_b');
      await exporter.run();
      expect((await read()).map((row) => `${row.account_id}/${row.sequence}`)).toEqual([
        ...['acct_a/1', 'acct_a/2', 'acct_a/3', 'acct_a/4', 'acct_a/5'],
        ...['acct_b/1', 'acct_b/2', 'acct_b/3'],
      ]);
      expect([received(), exported, failed]).toEqual([[], 0, ['http', 'http']]);
      clock.nowMs += KEEP_MS + DAY_MS;
      await exporter.run();
      expect(await journalOf('acct_a')).toHaveLength(5);
      expect((await opened.journal.readExportState('acct_a')).exported).toBe(0);
      // It is left alone only after more failures than these.
      receiver.status = 200;
      await exporter.run();
      await exporter.run();
      expect(received().toSorted()).toEqual(['1', '1', '2', '2', '3', '3', '4', '5']);
      expect([exported, (await read()).length]).toEqual([8, 8]);
      expect((await opened.journal.findUnexported(10)).accounts).toEqual([]);
      expect((await journalOf('acct_a')).length).toBe(kind === 'Redis' ? 0 : 5);
      await exporter.stop();
    });

    test('one that fails on is left alone for longer and longer', async () => {
      const exporter = exporterOf([httpSink()]);
      receiver.status = 500;
      await use('acct_a');
      for (let round = 0; round < 10; round += 1) await exporter.run();
      expect(failed).toHaveLength(4);
      clock.nowMs += 2_000;
      await exporter.run();
      await exporter.run();
      clock.nowMs += 2_000;
      await exporter.run();
      expect(failed).toHaveLength(5);
      clock.nowMs += 2_000;
      receiver.status = 200;
      await exporter.run();
      expect(received()).toEqual(['1', '2', '3']);
      await exporter.stop();
    });

    test('one that is new begins with what the store has, of silent accounts too', async () => {
      await use('acct_a');
      const before = exporterOf([httpSink()]);
      await before.run();
      await before.stop();
      expect((await opened.journal.findUnexported(10)).accounts).toEqual([]);
      const exporter = exporterOf([httpSink(), { name: 'postgres', sink: openSink() }]);
      await exporter.run();
      expect((await read()).map(({ sequence }) => sequence)).toEqual(['1', '2', '3']);
      expect(received()).toEqual(['1', '2', '3']);
      await exporter.stop();
    });
  });

  test('a server that crashes in between takes up where it was', async () => {
    await clear();
    const sink = openSink();
    await sink.write([entryOf(1)]);
    await postgres.kill();
    await expect(sink.write([entryOf(2)])).rejects.toThrow();
    await postgres.start();
    await sink.write([entryOf(2)]);
    expect((await read()).map(({ sequence }) => sequence)).toEqual(['1', '2']);
    await sink.close();
  });
});
