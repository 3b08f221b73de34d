// Goal: what goes wrong with one script for many calls hurts none that it would not have hurt alone.
// Method: records changed by hand, a server that refuses, and a way to it that loses commands and replies.
import { describe, expect, onTestFinished, test } from 'vitest';
import { createId } from '../../../src/directory/create-id.ts';
import { LedgerCorrupt, LedgerUnavailable } from '../../../src/ledger/ledger.ts';
import { connectRedis } from '../../../src/store/redis/connect-redis.ts';
import { ledgerKeys } from '../../../src/store/redis/redis-keys.ts';
import { createRedisLedger } from '../../../src/store/redis/redis-ledger.ts';
import { expectSoundBooks } from '../../ledger/ledger-conformance.ts';
import { type CommandFate, openFaultyLink } from '../../support/faulty-link.ts';
import { sendRedisLine } from '../../support/redis-ping.ts';
import { until } from '../../support/until.ts';
import { redisOptions, useRedisLedger } from './use-redis-ledger.ts';

const on = useRedisLedger();

async function openLink(commandTimeoutMs = 2_000, sendsAgain = true) {
  const link = await openFaultyLink(on.server.port);
  onTestFinished(() => link[Symbol.asyncDispose]());
  const client = await connectRedis({ ...redisOptions(link.url), commandTimeoutMs, sendsAgain });
  onTestFinished(() => client.disconnect());
  const ledger = createRedisLedger({ client });
  // Each script goes whole the first time, on every connection.
  const known = on.holdOf();
  await ledger.hold(known);
  await Promise.all([1, 2].map(() => ledger.release({ accountId: on.accountId, holdId: known.holdId })));
  return { link, ledger };
}

/** The next turn meets this fate, and nothing after it. */
function once(fate: CommandFate): (command: string) => CommandFate | undefined {
  let isDone = false;
  return (command) => {
    if (isDone || command !== 'ledger/turn') return undefined;
    isDone = true;
    return fate;
  };
}

const outcomeOf = (promise: Promise<{ result: string }>): Promise<unknown> =>
  promise.then(
    ({ result }) => result,
    (error: unknown) => (error as Error).constructor,
  );
const outcomesOf = (...promises: Promise<{ result: string }>[]) => Promise.all(promises.map(outcomeOf));
const dump = async () =>
  Promise.all((await on.admin.keys('*')).sort().map(async (key) => [key, await on.admin.dumpBuffer(key)]));

describe('a turn of calls', () => {
  test('in which one meets a corrupt record: it alone fails, the others are done in their order', async () => {
    const { link, ledger } = await openLink();
    const [open, spoiled, fresh] = [on.holdOf(), on.holdOf(), on.holdOf()];
    await ledger.hold(open);
    await ledger.hold(spoiled);
    const { accountId } = on;
    await on.admin.hset(ledgerKeys.holds(accountId), spoiled.holdId, '{"amount":"10"}');
    const before = link.commands.length;
    const outcomes = await outcomesOf(
      ledger.hold(fresh),
      ledger.settle(on.settleOf(spoiled.holdId, 3n)),
      ledger.settle(on.settleOf(fresh.holdId, 4n)),
      ledger.release({ accountId, holdId: open.holdId }),
    );
    expect(outcomes).toEqual(['held', LedgerCorrupt, 'settled', 'released']);
    expect(link.commands.slice(before)).toEqual([
      ...['ledger/turn', 'ledger/hold', 'ledger/settle', 'ledger/settle', 'ledger/release'],
    ]);
    const entries = await ledger.readJournal(accountId, { afterSequence: 0, limit: 99 });
    expect(entries.slice(-3).map(({ operation, subjectId }) => [operation, subjectId])).toEqual([
      ['hold', fresh.holdId],
      ['settle', fresh.holdId],
      ['release', open.holdId],
    ]);
    expect(await on.balance()).toMatchObject({ chargedNanoUsd: 4n, heldNanoUsd: 10n });
  });

  test.each([
    [
      'an account that is not the sum of its parts',
      () => on.admin.hincrby(ledgerKeys.account(on.accountId), 'held', 1),
    ],
    ['an account older than its journal', () => on.admin.hset(ledgerKeys.account(on.accountId), 'sequence', '1')],
    ['a journal of another type', () => on.admin.set(ledgerKeys.journal(on.accountId), 'other')],
    ['a key of holds of another type', () => on.admin.set(ledgerKeys.holds(on.accountId), 'other')],
  ])('on %s: refused, each, and nothing is written', async (_name, spoil) => {
    await spoil();
    const before = await dump();
    const holds = Array.from({ length: 5 }, () => on.ledger.hold(on.holdOf()));
    expect(await outcomesOf(...holds)).toEqual(Array(5).fill(LedgerCorrupt));
    expect(await dump()).toEqual(before);
  });

  test('refused for what comes last in it leaves nothing of what came first', async () => {
    const { accountId } = on;
    const [first, last] = [on.holdOf(), on.holdOf()];
    await on.ledger.hold(last);
    // Read by the last call alone, which is the last to be made.
    await on.admin.hset(
      ledgerKeys.holds(accountId),
      last.holdId,
      JSON.stringify({
        ...JSON.parse((await on.admin.hget(ledgerKeys.holds(accountId), last.holdId)) ?? ''),
        debt_held: '5',
      }),
    );
    const before = await on.balance();
    const outcomes = await outcomesOf(
      on.ledger.hold(first),
      on.ledger.release({ accountId, holdId: first.holdId }),
      on.ledger.settle(on.settleOf(last.holdId, 1n)),
    );
    expect(outcomes).toEqual(['held', 'released', LedgerCorrupt]);
    // Each once: nothing of the turn that was refused is there besides.
    expect((await on.balance()).sequence).toBe(before.sequence + 2);
  });

  test('whose reply was lost is sent again, and what was done is not done twice', async () => {
    const { link, ledger } = await openLink();
    const [held, settled] = [on.holdOf(), on.holdOf()];
    await ledger.hold(settled);
    link.decide(once('cut_after'));
    const outcomes = await outcomesOf(ledger.hold(held), ledger.settle(on.settleOf(settled.holdId, 4n)));
    expect(outcomes).toEqual(['exists', 'duplicate']);
    expect(await on.balance()).toMatchObject({ chargedNanoUsd: 4n, heldNanoUsd: 10n });
    await expectSoundBooks(ledger, on.accountId, Date.now());
  });

  test('that was lost before it came is sent again', async () => {
    const { link, ledger } = await openLink();
    link.decide(once('cut_before'));
    expect(await outcomesOf(ledger.hold(on.holdOf()), ledger.hold(on.holdOf()))).toEqual(['held', 'held']);
    expect(await on.balance()).toMatchObject({ heldNanoUsd: 20n });
  });

  test.each(['cut_before', 'cut_after'] as const)(
    'on a connection that sends nothing again (%s): unavailable, each, and each can be made again',
    async (fate) => {
      const { link, ledger } = await openLink(2_000, false);
      const [held, settled] = [on.holdOf(), on.holdOf()];
      await ledger.hold(settled);
      const make = () => outcomesOf(ledger.hold(held), ledger.settle(on.settleOf(settled.holdId, 4n)));
      link.decide(once(fate));
      expect(await make()).toEqual([LedgerUnavailable, LedgerUnavailable]);
      await until(() => ledger.ping().then(() => true));
      expect(await make()).toEqual(fate === 'cut_after' ? ['exists', 'duplicate'] : ['held', 'settled']);
      expect(await on.balance()).toMatchObject({ chargedNanoUsd: 4n, heldNanoUsd: 10n });
    },
  );

  test('not answered in time: unavailable, each with an error of its own', async () => {
    const { link, ledger } = await openLink(200);
    link.decide(once('keep_reply'));
    const promises = [ledger.hold(on.holdOf()), ledger.hold(on.holdOf())];
    const [one, other] = await Promise.all(promises.map((promise) => promise.catch((error: unknown) => error)));
    expect([one, other]).toEqual([expect.any(LedgerUnavailable), expect.any(LedgerUnavailable)]);
    expect(one).not.toBe(other);
    link.letGo();
    expect(await on.balance()).toMatchObject({ heldNanoUsd: 20n });
  });

  test('that Redis cannot take now is not tried one by one', async () => {
    const { link, ledger } = await openLink();
    const tell = (line: string) => sendRedisLine(on.server.socketPath, line);
    await tell('CONFIG SET maxmemory 1');
    const before = link.commands.length;
    try {
      const outcomes = await outcomesOf(ledger.hold(on.holdOf()), ledger.hold(on.holdOf()));
      expect(outcomes).toEqual([LedgerUnavailable, LedgerUnavailable]);
    } finally {
      await tell('CONFIG SET maxmemory 0');
    }
    expect(link.commands.slice(before)).toEqual(['ledger/turn']);
  });

  test('does not notice SCRIPT FLUSH', async () => {
    const { ledger } = await openLink();
    await on.admin.script('FLUSH');
    expect(await outcomesOf(ledger.hold(on.holdOf()), ledger.hold(on.holdOf()))).toEqual(['held', 'held']);
  });

  test('waits for nothing but its end, and is sent where the ledger is closed before', async () => {
    const { link, ledger } = await openLink();
    const before = link.commands.length;
    const replies = outcomesOf(ledger.hold(on.holdOf()), ledger.hold(on.holdOf()));
    await ledger.close();
    expect(await replies).toEqual(['held', 'held']);
    expect(link.commands.slice(before)).toEqual(['ledger/turn']);
    const accountIds = [createId('acct', Date.now()), on.accountId];
    const holds = accountIds.map((accountId) => ledger.hold(on.holdOf({ accountId })));
    expect(await outcomesOf(...holds)).toEqual(['no_account', 'held']);
    expect(link.commands.slice(before + 1)).toEqual(['ledger/hold', 'ledger/hold']);
  });
});
