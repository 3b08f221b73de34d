import { expect, test } from 'vitest';
import { cellKey, createBooks, readCellKey } from '../../../src/domain/credit/account-books.ts';

test.each([
  ['quota_a', 'total', 'quota_a@total'],
  ['quota_a', 'month:2026-11-20@20:Europe/Berlin', 'quota_a@month:2026-11-20@20:Europe/Berlin'],
])('the cell of %s in %s is named and found again', (quotaId, window, key) => {
  expect(cellKey({ quotaId, window })).toBe(key);
  expect(readCellKey(key)).toEqual({ quotaId, window });
});

test('new books are of an open prepaid account without credit, before all time', () => {
  const { totals, ...books } = createBooks('acct_new');
  expect(new Set(Object.values(totals))).toEqual(new Set([0n]));
  expect(books).toMatchObject({
    ...{ accountId: 'acct_new', status: 'open', mode: 'prepaid', creditLimitNanoUsd: 0n },
    ...{ debtNanoUsd: 0n, debtHeldNanoUsd: 0n, chargedNanoUsd: 0n, sequence: 0, lastMs: 0, grantCount: 0 },
  });
});
