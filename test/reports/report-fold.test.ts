import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findWindow } from '../../src/domain/quota-window.ts';
import { createWindowCache } from '../../src/domain/window-cache.ts';
import { createJournalExporter } from '../../src/export/journal-exporter.ts';
import { createFold, foldEntry, writeFold } from '../../src/ledger/journal-fold.ts';
import { CELLS_AT_MOST } from '../../src/reports/cell-names.ts';
import { readKeySpend } from '../../src/reports/read-key-spend.ts';
import { readStatement } from '../../src/reports/read-statement.ts';
import { readUsage, type UsageQuestion } from '../../src/reports/read-usage.ts';
import { costOf } from '../../src/reports/report-counts.ts';
import { history } from '../ledger/ledger-commands.ts';
import { START_MS } from '../ledger/ledger-conformance.ts';
import { makeHoldId } from '../ledger/make-hold-id.ts';
import { describeReports, foldOf, type OpenedReports } from './report-stores.ts';

const RUNS = Number(process.env.LEDGER_RUNS ?? 60);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const USD = 1_000_000_000n;
const windows = createWindowCache();

const question = (accountId: string, terms: Partial<UsageQuestion> = {}): UsageQuestion => ({
  ...{ accountId, timezone: 'UTC', fromMs: START_MS - 2 * DAY_MS, toMs: START_MS + 60 * DAY_MS },
  ...{ bucket: 'day', groupBy: [] },
  ...terms,
});

describeReports('the sums over the journal', (open, kind) => {
  let clock: { nowMs: number };
  let opened: OpenedReports;
  let calls = 0;
  beforeEach(async () => {
    clock = { nowMs: START_MS };
    opened = await open(clock);
  });
  afterEach(() => opened.close());

  const openAccount = async (accountId: string, amountNanoUsd = 100n * USD) => {
    await opened.ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
    await opened.ledger.grant({
      ...{ accountId, grantId: 'grant_1', amountNanoUsd, kind: 'paid', priority: 50 },
      ...{ effectiveAtMs: clock.nowMs, expiresAtMs: clock.nowMs + 40 * DAY_MS },
    });
  };
  const charge = async (accountId: string, amountNanoUsd: bigint, details: Record<string, unknown>) => {
    calls += 1;
    const call = { accountId, holdId: makeHoldId(clock.nowMs, calls), amountNanoUsd, tokens: 1n, modelLabels: [] };
    await opened.ledger.hold({ ...call, leaseMs: 60_000, cells: [] });
    await opened.ledger.settle({ ...call, cells: [], details });
    return call.holdId;
  };
  const monthsOf = async (accountId: string, timezone: string) => {
    const months: string[] = [];
    for (let atMs = START_MS - 40 * DAY_MS; atMs < START_MS + 80 * DAY_MS; atMs += 20 * DAY_MS) {
      const month = findWindow('month', atMs, timezone).name.slice(6, 13);
      if (!months.includes(month)) months.push(month);
    }
    return Promise.all(months.map((month) => readStatement(opened.store, accountId, month)));
  };

  test(`of any history are the books, statements as well as usage (${RUNS} histories)`, {
    timeout: 60_000,
  }, async () => {
    let number = 0;
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia');
    await fc.assert(
      fc.asyncProperty(history, zone, fc.array(fc.boolean(), { maxLength: 8 }), async (steps, timezone, folds) => {
        clock.nowMs = START_MS;
        number += 1;
        const accountId = `acct_s${number}`;
        await opened.ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
        const fold = foldOf(opened, timezone);
        const other = foldOf(opened, timezone);
        for (const [index, step] of steps.entries()) {
          await step(opened.ledger, clock, accountId);
          if (folds[index] === true) await Promise.all([fold.foldAccount(accountId), other.foldAccount(accountId)]);
        }
        const sequence = await fold.foldAccount(accountId);
        const books = await opened.ledger.readBooks(accountId);
        expect(sequence).toBe(books?.sequence);
        if (books === undefined) return;
        const { grantedNanoUsd, expiredNanoUsd, voidedNanoUsd, remainingNanoUsd, heldNanoUsd } = books.totals;
        const statements = await monthsOf(accountId, timezone);
        const sum = (read: (statement: (typeof statements)[number]) => bigint) =>
          statements.reduce((total, statement) => total + read(statement), 0n);
        expect(sum(({ total }) => total.granted)).toBe(grantedNanoUsd);
        expect(sum(({ total }) => total.expired)).toBe(expiredNanoUsd);
        expect(sum(({ total }) => total.voided)).toBe(voidedNanoUsd);
        expect(sum(({ total }) => total.charged - total.refunded)).toBe(books.chargedNanoUsd);
        expect(sum(({ total }) => total.carried)).toBe(0n);
        for (const [index, { openingNanoUsd }] of statements.entries()) {
          expect(openingNanoUsd).toBe(statements[index - 1]?.closingNanoUsd ?? 0n);
        }
        expect(statements.at(-1)?.closingNanoUsd).toBe(remainingNanoUsd + heldNanoUsd - books.debtNanoUsd);
        for (const bucket of ['hour', 'day', 'month'] as const) {
          const report = await readUsage(opened.store, windows, question(accountId, { timezone, bucket }));
          const rows = report?.rows ?? [];
          expect(rows.reduce((all, { counts }) => all + costOf(counts) - counts.refunded, 0n)).toBe(
            books.chargedNanoUsd,
          );
        }
      }),
      { numRuns: RUNS },
    );
  });

  test('group calls by who made them, and their cost by class to the nano-dollar', async () => {
    await openAccount('acct_a');
    const receipt = [
      { class: 'input', usd: '0.000000000001' },
      { class: 'output', usd: '0.000000000002' },
      { class: 'cache_read', usd: '0.000000000001' },
    ];
    const tokens = { input: 10, output: 20, cache_read: 5, web_search: 1 };
    const who = { model: 'claude-opus-5-5', team_id: 'team_1', key_id: 'key_1', session_id: 's1' };
    const holdId = await charge('acct_a', 11n, { ...who, tokens, receipt });
    await charge('acct_a', 7n, { ...who, model: 'claude-haiku-5-5', key_id: 'key_2', session_id: 's2' });
    clock.nowMs += DAY_MS;
    await opened.ledger.refund({
      ...{ accountId: 'acct_a', refundId: 'refund_1', holdId, amountNanoUsd: 4n, debtNanoUsd: 0n },
      ...{ allocations: [{ grantId: 'grant_1', amountNanoUsd: 11n }], fallbackGrantIds: [], details: who },
    });
    await foldOf(opened).foldAccount('acct_a');
    const read = (terms: Partial<UsageQuestion>) => readUsage(opened.store, windows, question('acct_a', terms));

    const spendOf = (keyId: string, atMs: number) =>
      readKeySpend(opened.store, { accountId: 'acct_a', keyId, timezone: 'UTC', atMs });
    expect(await spendOf('key_1', START_MS)).toEqual({ todayNanoUsd: 11n, monthNanoUsd: 7n });
    expect(await spendOf('key_1', clock.nowMs)).toEqual({ todayNanoUsd: -4n, monthNanoUsd: 7n });
    expect(await spendOf('key_2', clock.nowMs)).toEqual({ todayNanoUsd: 0n, monthNanoUsd: 7n });
    expect(await spendOf('key_1', clock.nowMs + 30 * DAY_MS)).toEqual({ todayNanoUsd: 0n, monthNanoUsd: 0n });

    const byKey = await read({ groupBy: ['key', 'model'] });
    expect(
      byKey?.rows.map(({ startsAtMs, group, counts }) => [startsAtMs, group, costOf(counts), counts.refunded]),
    ).toEqual([
      [Date.UTC(2026, 10, 20), { key: 'key_1', model: 'claude-opus-5-5' }, 11n, 0n],
      [Date.UTC(2026, 10, 20), { key: 'key_2', model: 'claude-haiku-5-5' }, 7n, 0n],
      [Date.UTC(2026, 10, 21), { key: 'key_1', model: 'claude-opus-5-5' }, 0n, 4n],
    ]);
    expect(byKey?.rows[0]?.counts).toMatchObject({
      ...{ requests: 1n, input: 10n, output: 20n, cache_read: 5n, cache_write_5m: 0n, web_search: 1n },
      ...{ cost_input: 2n, cost_output: 7n, cost_cache_read: 2n, cost_other: 0n },
    });
    expect(byKey?.total).toMatchObject({ requests: 2n, cost_other: 7n, refunded: 4n });
    const bySession = await read({ groupBy: ['session'], bucket: 'month' });
    expect(bySession?.rows.map(({ group, counts }) => [group.session, costOf(counts), counts.refunded])).toEqual([
      ['s1', 11n, 4n],
      ['s2', 7n, 0n],
    ]);
    const november = await readStatement(opened.store, 'acct_a', '2026-11');
    expect(
      november.models.map(({ model, counts }) => [model, counts.requests, counts.charged, counts.refunded]),
    ).toEqual([
      ['claude-haiku-5-5', 1n, 7n, 0n],
      ['claude-opus-5-5', 1n, 11n, 4n],
    ]);
    expect(november.closingNanoUsd).toBe(100n * USD - 14n);
  });

  test('count each request of a batch, and of calls those that were charged', async () => {
    await openAccount('acct_a');
    await charge('acct_a', 9n, { model: 'm', outcome: 'batch', items: 7 });
    await charge('acct_a', 0n, { model: 'm', outcome: 'batch', items: 0 });
    await charge('acct_a', 2n, { model: 'm', outcome: 'answered', items: 5 });
    await opened.ledger.release({ accountId: 'acct_a', holdId: makeHoldId(clock.nowMs, 999) });
    await foldOf(opened).foldAccount('acct_a');
    const report = await readUsage(opened.store, windows, question('acct_a'));
    expect([report?.total.requests, (await readStatement(opened.store, 'acct_a', '2026-11')).total.requests]).toEqual([
      8n,
      8n,
    ]);
  });

  test('put a call into the day and month of the zone, in zones off by half an hour too', async () => {
    clock.nowMs = Date.UTC(2026, 10, 30, 18, 29, 59, 999);
    await openAccount('acct_a');
    await charge('acct_a', 1n, { model: 'm' });
    clock.nowMs += 1;
    await charge('acct_a', 2n, { model: 'm' });
    await foldOf(opened, 'Asia/Kolkata').foldAccount('acct_a');
    const asked = { timezone: 'Asia/Kolkata', toMs: clock.nowMs + DAY_MS };
    const byDay = await readUsage(opened.store, windows, question('acct_a', asked));
    expect(
      byDay?.rows.map(({ startsAtMs, endsAtMs, counts }) => [startsAtMs, endsAtMs - startsAtMs, costOf(counts)]),
    ).toEqual([
      [Date.UTC(2026, 10, 29, 18, 30), DAY_MS, 1n],
      [Date.UTC(2026, 10, 30, 18, 30), DAY_MS, 2n],
    ]);
    expect((await readStatement(opened.store, 'acct_a', '2026-11')).total.charged).toBe(1n);
    const december = await readStatement(opened.store, 'acct_a', '2026-12');
    expect([december.openingNanoUsd, december.total.charged]).toEqual([100n * USD - 1n, 2n]);
  });

  test('are the same made anew, and made anew when the journal has lost entries', async () => {
    await openAccount('acct_a');
    await charge('acct_a', 5n, { model: 'm' });
    const warnings: string[] = [];
    const fold = foldOf(opened, 'UTC', warnings);
    const sequence = await fold.foldAccount('acct_a');
    const whole = await opened.store.readStatements('acct_a');
    await opened.store.forget('acct_a', sequence + 1);
    expect(await opened.store.readProgress('acct_a')).toBe(sequence);
    await opened.store.forget('acct_a', sequence);
    expect(await opened.store.readStatements('acct_a')).toEqual(new Map());
    await fold.foldAccount('acct_a');
    expect(await opened.store.readStatements('acct_a')).toEqual(whole);
    await opened.store.write('acct_a', { fromSequence: sequence, toSequence: sequence + 3, pages: [] });
    await fold.foldAccount('acct_a');
    expect(await opened.store.readStatements('acct_a')).toEqual(whole);
    expect(warnings).toEqual(['sums are ahead of the journal; made anew']);
  });

  test('of sessions beyond what a day takes are counted together, and nothing is lost', async () => {
    await openAccount('acct_a');
    const page = { kind: 'sessions', day: Math.floor(START_MS / DAY_MS) } as const;
    const dayMs = page.day * DAY_MS;
    const cells = new Map(
      Array.from({ length: CELLS_AT_MOST.sessions - 2 }, (_, number) => [`${dayMs} ["old${number}"]`, '1']),
    );
    const progress = await foldOf(opened).foldAccount('acct_a');
    const change = { fromSequence: progress, toSequence: progress, pages: [{ page, cells }] };
    expect(await opened.store.write('acct_a', change)).toBe(true);
    for (let session = 0; session < 7; session += 1) {
      await charge('acct_a', 1n, { model: 'm', session_id: `s${session}` });
    }
    await foldOf(opened).foldAccount('acct_a');
    await charge('acct_a', 1n, { model: 'm', session_id: 's8' });
    await charge('acct_a', 1n, { model: 'm', session_id: 's1' });
    await foldOf(opened).foldAccount('acct_a');
    const report = await readUsage(opened.store, windows, question('acct_a', { groupBy: ['session'] }));
    expect(report?.rows).toHaveLength(CELLS_AT_MOST.sessions + 1);
    const countOf = (name: string) => report?.rows.find(({ group }) => group.session === name)?.counts.requests;
    expect([countOf('s0'), countOf('s1'), countOf('s2'), countOf('other')]).toEqual([1n, 2n, undefined, 6n]);
    expect(report?.total.requests).toBe(BigInt(CELLS_AT_MOST.sessions - 2 + 9));
  });

  test('count every entry before it leaves the store', async () => {
    if (kind === 'SQLite') return;
    await openAccount('acct_a', 1_000n);
    await charge('acct_a', 30n, { model: 'm' });
    clock.nowMs += 3 * DAY_MS;
    await charge('acct_a', 4n, { model: 'm' });
    const nothing = () => {};
    const fold = foldOf(opened);
    let isCounting = false;
    const exporter = createJournalExporter({
      ...{ source: opened.journal, ledger: opened.ledger, owner: 'one', keepMs: DAY_MS, nowMs: () => clock.nowMs },
      sinks: [{ name: 'files', sink: { write: async () => {}, close: async () => {} } }],
      ...{ listAccounts: async () => [], every: () => nothing },
      beforeTrim: (accountId) => (isCounting ? fold.foldAccount(accountId) : Promise.reject(new Error('down'))),
      metrics: { journalExported: nothing, journalGap: nothing, journalLag: nothing, journalSinkFailed: nothing },
      logger: { warn: nothing, error: nothing },
    });
    const whole = await opened.ledger.readJournal('acct_a', { afterSequence: 0, limit: 99 });
    for (let round = 0; round < 2; round += 1) await exporter.run();
    expect(await opened.ledger.readJournal('acct_a', { afterSequence: 0, limit: 99 })).toEqual(whole);
    isCounting = true;
    await exporter.run();
    const left = await opened.ledger.readJournal('acct_a', { afterSequence: 0, limit: 99 });
    expect(left).toHaveLength(2);
    const statement = await readStatement(opened.store, 'acct_a', '2026-11');
    expect([statement.total.charged, statement.total.carried, statement.closingNanoUsd]).toEqual([34n, 0n, 966n]);
  });

  test('take over the balance of entries that had left the store before they were counted', async () => {
    if (kind === 'SQLite') return;
    await openAccount('acct_a', 1_000n);
    await charge('acct_a', 30n, { model: 'm' });
    const entries = await opened.ledger.readJournal('acct_a', { afterSequence: 0, limit: 99 });
    const whole = createFold('acct_a');
    for (const entry of entries) foldEntry(whole, entry);
    await opened.journal.markExported('acct_a', entries.length, START_MS);
    expect(await opened.journal.trim('acct_a', entries.length, writeFold(whole))).toBe(true);
    clock.nowMs += 20 * DAY_MS;
    await charge('acct_a', 4n, { model: 'm' });
    await foldOf(opened).foldAccount('acct_a');
    expect((await readStatement(opened.store, 'acct_a', '2026-11')).total.carried).toBe(970n);
    const december = await readStatement(opened.store, 'acct_a', '2026-12');
    expect([december.openingNanoUsd, december.total.carried, december.closingNanoUsd]).toEqual([970n, 0n, 966n]);
  });
});
