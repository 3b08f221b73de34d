import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFold, foldEntry, writeFold } from '../../src/ledger/journal-fold.ts';
import { ACCOUNTS_GROUPS, type AccountsQuestion, type AccountsRow } from '../../src/reports/accounts-rows.ts';
import { sumAccounts } from '../../src/reports/sum-accounts.ts';
import { type MinutesRefusal, sumMinutes } from '../../src/reports/sum-minutes.ts';
import { makeHoldId } from '../ledger/make-hold-id.ts';
import { describeReports, foldOf, type OpenedReports } from './report-stores.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START_MS = Date.parse('2026-11-21T09:00:00Z');
const TRAITS = { service_tier: 'standard', context_window: '0-200k', inference_geo: 'us', speed: 'fast' };

describeReports('sums by the minute', (open, kind) => {
  let clock: { nowMs: number };
  let opened: OpenedReports;
  let calls = 0;
  beforeEach(async () => {
    clock = { nowMs: START_MS - MINUTE_MS };
    opened = await open(clock);
    for (const accountId of ['acct_a', 'acct_b']) {
      await opened.ledger.openAccount({ accountId, mode: 'postpaid', creditLimitNanoUsd: 10n ** 12n });
    }
    clock.nowMs = START_MS;
  });
  afterEach(() => opened.close());

  const charge = async (accountId: string, details: Record<string, unknown>, amountNanoUsd = 7n) => {
    calls += 1;
    const call = { accountId, holdId: makeHoldId(clock.nowMs, calls), amountNanoUsd, tokens: 1n, modelLabels: [] };
    await opened.ledger.hold({ ...call, leaseMs: 60_000, cells: [] });
    await opened.ledger.settle({ ...call, cells: [], details });
  };
  const question = (terms: Partial<AccountsQuestion> = {}): AccountsQuestion => ({
    ...{ accounts: ['acct_a', 'acct_b'], fromMs: START_MS, toMs: START_MS + HOUR_MS, bucketMs: MINUTE_MS },
    ...{ only: {}, groupBy: new Set<never>() },
    ...terms,
  });
  const rowsOf = (answer: AccountsRow[] | MinutesRefusal): [number, bigint][] => {
    if (typeof answer === 'string') throw new Error(answer);
    return answer.map(({ startsAtMs, counts }) => [(startsAtMs - START_MS) / MINUTE_MS, counts.requests]);
  };
  const minutes = (terms?: Partial<AccountsQuestion>, atMost?: number) => sumMinutes(opened, question(terms), atMost);

  test('are of the minutes asked for, and added up are the hour, group by group', async () => {
    clock.nowMs -= 1;
    await charge('acct_a', { model: 'm' });
    clock.nowMs = START_MS;
    const models = ['m', 'n', 'm'];
    for (const [index, model] of models.entries()) {
      await charge('acct_a', { model, key_id: 'key_1', ...TRAITS, tokens: { input: index + 1 } }, BigInt(index));
      if (index === 1) await charge('acct_b', { model, tokens: { output: 9 } });
      clock.nowMs += MINUTE_MS - 1;
    }
    clock.nowMs = START_MS + HOUR_MS;
    await charge('acct_b', { model: 'm' });
    expect(rowsOf(await minutes())).toEqual([
      [0, 3n],
      [1, 1n],
    ]);
    expect(rowsOf(await minutes({ fromMs: START_MS + MINUTE_MS }))).toEqual([[1, 1n]]);
    const groupBy = new Set(ACCOUNTS_GROUPS);
    const parts = { fold: foldOf(opened), store: opened.store };
    const byHour = await sumAccounts(parts, question({ bucketMs: HOUR_MS, groupBy }));
    expect(byHour).toEqual(await minutes({ bucketMs: HOUR_MS, groupBy }));
    expect(byHour?.map(({ account, model, speed, contextWindow }) => [account, model, speed, contextWindow])).toEqual([
      ['acct_a', 'm', 'fast', '0-200k'],
      ['acct_a', 'n', 'fast', '0-200k'],
      ['acct_b', 'n', null, null],
    ]);
    const only = { inferenceGeo: new Set(['us']), model: new Set(['m']) };
    expect(await sumAccounts(parts, question({ only }))).toHaveLength(1);
    expect(rowsOf(await minutes({ only }))).toEqual([
      [0, 1n],
      [1, 1n],
    ]);
  });

  test('are refused where more happened than is read', async () => {
    for (let call = 0; call < 4; call += 1) await charge('acct_a', { model: 'm' });
    expect(await minutes({}, 8)).toHaveLength(1);
    expect(await minutes({}, 7)).toBe('entries');
  });

  test('are refused for a time whose entries have left the store', async () => {
    if (kind === 'SQLite') return;
    await charge('acct_a', { model: 'm' });
    const entries = await opened.ledger.readJournal('acct_a', { afterSequence: 0, limit: 99 });
    const whole = createFold('acct_a');
    for (const entry of entries) foldEntry(whole, entry);
    await opened.journal.markExported('acct_a', entries.length, START_MS);
    expect(await opened.journal.trim('acct_a', entries.length, writeFold(whole))).toBe(true);
    clock.nowMs += MINUTE_MS;
    await charge('acct_a', { model: 'm' });
    expect(await minutes()).toBe('trimmed');
    expect(rowsOf(await minutes({ fromMs: START_MS + MINUTE_MS }))).toEqual([[1, 1n]]);
    expect(rowsOf(await minutes({ accounts: ['acct_b'] }))).toEqual([]);
  });
});
