import { describe, expect, it } from 'vitest';
import type { AccountBalance } from '../../src/domain/credit/credit-types.ts';
import type { Quota } from '../../src/domain/quota.ts';
import { writeBalanceLine } from '../../src/http/balance-line.ts';
import type { QuotaUse } from '../../src/ledger/read-quota-use.ts';

const balance = (availableUsd: number, debtUsd = 0, status = 'open', limitUsd = 0) =>
  ({
    status,
    creditLimitNanoUsd: BigInt(limitUsd * 1e9),
    debtHeldNanoUsd: 0n,
    availableNanoUsd: BigInt(Math.round(availableUsd * 1e9)),
    debtNanoUsd: BigInt(Math.round(debtUsd * 1e9)),
  }) as AccountBalance;
const use = (window: Quota['window'], used: bigint, limit: bigint, measure: Quota['measure'] = 'usd') =>
  ({ quota: { window, measure }, used, limit }) as QuotaUse;

describe('the line of a balance', () => {
  it.each([
    ['what is left, in whole cents', balance(12.349999999), [], '$12.34 left'],
    ['never more than there is', balance(0.009), [], 'less than $0.01 left'],
    ['nothing', balance(0), [], '$0.00 left'],
    ['what is owed', balance(0, 0.2), [], '$0.20 owed'],
    ['the room on a credit limit', balance(0, 0, 'open', 50), [], '$50.00 left'],
    ['that beside credit', balance(30, 0, 'open', 50), [], '$80.00 left'],
    ['that beside what is owed', balance(0, 20, 'open', 50), [], '$30.00 left, $20.00 owed'],
    ['a credit limit that is used up', balance(0, 50, 'open', 50), [], '$50.00 owed'],
    ['one that was lowered since', balance(0, 50, 'open', 20), [], '$50.00 owed'],
    ['an account that is not open', balance(5, 0, 'frozen'), [], 'account frozen'],
    ['a quota', balance(5), [use('day', 85n, 100n)], '$5.00 left · 85% of daily limit used'],
    ['not rounded up', balance(5), [use('month', 9_999n, 10_000n)], '$5.00 left · 99% of monthly limit used'],
    [
      'the one that is used furthest',
      balance(5),
      [use('day', 5n, 10n), use('total', 8n, 10n, 'requests'), use('hour', 1n, 10n)],
      '$5.00 left · 80% of total limit used',
    ],
    ['a limit of nothing', balance(5), [use('week', 0n, 0n)], '$5.00 left · 100% of weekly limit used'],
    ['open calls are no use', balance(5), [use('total', 4n, 5n, 'concurrency')], '$5.00 left'],
  ])('shows %s', (_what, shown, uses, line) => {
    expect(writeBalanceLine(shown, uses)).toBe(`${line}\n`);
  });
});
