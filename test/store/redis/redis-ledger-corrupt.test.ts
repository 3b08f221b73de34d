// Goal: books that no rule can have written are refused, and nothing is written on top of them.
// Method: one record is changed by hand, and a command is asked that has to read it.
import { describe, expect, test } from 'vitest';
import { LedgerCorrupt } from '../../../src/ledger/ledger.ts';
import { ledgerKeys } from '../../../src/store/redis/redis-keys.ts';
import { useRedisLedger } from './use-redis-ledger.ts';

const on = useRedisLedger();
const MOST = 2n ** 53n - 1n;

type Change = (text: string) => string;
const without =
  (name: string): Change =>
  (text) =>
    JSON.stringify({ ...JSON.parse(text), [name]: undefined });
const plusOne =
  (name: string): Change =>
  (text) => {
    const record = JSON.parse(text);
    return JSON.stringify({ ...record, [name]: `${BigInt(record[name]) + 1n}` });
  };
const put =
  (value: string): Change =>
  () =>
    value;

/** Changes one field of one of the account's hashes, or drops it. */
async function tamper(key: 'account' | 'liveGrants' | 'holds', field: string, change: Change | undefined) {
  const hash = ledgerKeys[key](on.accountId);
  if (change === undefined) return on.admin.hdel(hash, field);
  return on.admin.hset(hash, field, change((await on.admin.hget(hash, field)) ?? ''));
}

describe('refused, with nothing written, is', () => {
  test.each([
    ['an account without a number', 'account', 'debt', undefined, /the account lacks a number/],
    ['an account with a fraction of a unit', 'account', 'limit', put('1.5'), /exactly/],
    ['an account with no number for a number', 'account', 'limit', put('nan'), /exactly/],
    ['an account with more than can be counted', 'account', 'limit', put(`${MOST + 1n}`), /exactly/],
    ['an account with less than can be counted', 'account', 'limit', put(`${-MOST - 1n}`), /exactly/],
    ['an account that is not the sum of its parts', 'account', 'granted', put('1001'), /account is not the sum/],
    ['a charge that is neither spent nor owed', 'account', 'charged', put('1'), /charged is not/],
    ['an account older than its journal', 'account', 'sequence', put('1'), /equal or smaller/],
    ['a grant without a number', 'liveGrants', 'grant_a', without('spent'), /a grant lacks a number/],
    ['a grant that is not the sum of its parts', 'liveGrants', 'grant_a', plusOne('granted'), /grant is not the sum/],
    ['a hold without a number', 'holds', 'the hold', without('created'), /a hold lacks a number/],
    ['a hold on a grant that has gone', 'liveGrants', 'grant_a', undefined, /not live/],
    ['more room on the limit given back than was held', 'account', 'debt_held', put('1'), /debt_held out of range/],
  ] as const)('%s', async (_name, key, field, change, message) => {
    const { accountId } = on;
    await on.admin.flushall();
    await on.ledger.openAccount({ accountId, mode: 'postpaid', creditLimitNanoUsd: 10n });
    await on.grant(1_000n, on.ledger, 'grant_a');
    const { holdId } = on.holdOf();
    await on.ledger.hold(on.holdOf({ holdId, amountNanoUsd: 1_002n }));
    await tamper(key, field === 'the hold' ? holdId : field, change);
    const dump = async () => Promise.all((await on.admin.keys('*')).sort().map((name) => on.admin.dumpBuffer(name)));
    const before = await dump();
    const refused = await on.ledger.release({ accountId, holdId }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(LedgerCorrupt);
    expect((refused as { cause?: { message?: string } }).cause?.message).toMatch(message);
    expect(await dump()).toEqual(before);
  });
});
