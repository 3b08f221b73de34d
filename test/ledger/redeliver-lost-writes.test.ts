import { beforeEach, describe, expect, it } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { type Ledger, LedgerUnavailable } from '../../src/ledger/ledger.ts';
import { redeliverLostWrites } from '../../src/ledger/redeliver-lost-writes.ts';
import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { expectSoundBooks } from './ledger-conformance.ts';

const START_MS = Date.UTC(2026, 10, 20, 12);
const ACCOUNT = 'acct_1';

/** A store that can go back to how it was: every command is recorded and, at a loss, only the first ones are done again. */
function createForgetfulLedger(clock: () => number) {
  const done: { operation: keyof Ledger; command: never }[] = [];
  const state = { down: false };
  const open = (): Ledger =>
    createSqliteLedger({ database: openDatabase({ path: ':memory:', parts: [LEDGER_SCHEMA] }), clock });
  let present = open();
  const operations = [
    ...['openAccount', 'setPolicy', 'closeAccount', 'grant', 'voidGrant', 'hold'],
    ...['extend', 'settle', 'release', 'reclaim', 'refund', 'correct', 'tick', 'readBalance'],
  ] as (keyof Ledger)[];
  const run = async (operation: keyof Ledger, command: never) => {
    if (state.down) throw new LedgerUnavailable('down');
    if (operation !== 'readBalance') done.push({ operation, command });
    return (present[operation] as (command: never) => Promise<unknown>)(command);
  };
  const commands = Object.fromEntries(operations.map((name) => [name, (command: never) => run(name, command)]));
  const ledger = new Proxy({} as Ledger, {
    ownKeys: () => Object.keys(present),
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    get: (_, name: keyof Ledger) =>
      commands[name] ?? ((...words: never[]) => (present[name] as (...words: never[]) => unknown)(...words)),
  });
  return {
    ledger,
    state,
    get commands() {
      return done.length;
    },
    async goBackTo(count: number) {
      present = open();
      for (const { operation, command } of done.splice(0).slice(0, count)) await run(operation, command);
    },
  };
}

describe('lost writes', () => {
  let nowMs: number;
  let store: ReturnType<typeof createForgetfulLedger>;
  let regressions: number;
  let errors: object[];
  const wrap = (writesAtMost = 1_000) =>
    redeliverLostWrites(store.ledger, {
      nowMs: () => nowMs,
      writesAtMost,
      onRegression: () => {
        regressions += 1;
      },
      logger: { error: (facts) => void errors.push(facts), warn: () => undefined },
    });

  beforeEach(() => {
    nowMs = START_MS;
    regressions = 0;
    errors = [];
    store = createForgetfulLedger(() => nowMs);
  });

  const grantOf = (grantId: string, amountNanoUsd = 1_000n) => ({
    accountId: ACCOUNT,
    grantId,
    amountNanoUsd,
    kind: 'paid' as const,
    priority: 50,
    effectiveAtMs: START_MS - 1_000,
    expiresAtMs: START_MS + 86_400_000,
  });
  const common = { accountId: ACCOUNT, tokens: 1n, modelLabels: [], cells: [] };
  const openWith = async (ledger: Ledger): Promise<void> => {
    await ledger.openAccount({ accountId: ACCOUNT, mode: 'prepaid', creditLimitNanoUsd: 0n });
    await ledger.grant(grantOf('grant_1'));
  };
  const call = async (ledger: Ledger, amountNanoUsd: bigint): Promise<string> => {
    const holdId = createId('hold', nowMs);
    await ledger.hold({ ...common, holdId, amountNanoUsd: 50n, leaseMs: 60_000 });
    await ledger.settle({ ...common, holdId, amountNanoUsd });
    return holdId;
  };

  it('are noticed by the next reply and sent again: settles, releases, grants, voids', async () => {
    const { ledger, settled } = wrap();
    await openWith(ledger);
    await call(ledger, 10n);
    const kept = store.commands;
    await call(ledger, 20n);
    await ledger.grant(grantOf('grant_2', 500n));
    await ledger.grant(grantOf('grant_3', 700n));
    await ledger.voidGrant({ accountId: ACCOUNT, grantId: 'grant_3' });
    const held = createId('hold', nowMs);
    await ledger.hold({ ...common, holdId: held, amountNanoUsd: 50n, leaseMs: 60_000 });
    await ledger.release({ accountId: ACCOUNT, holdId: held });
    const before = await ledger.readBalance(ACCOUNT);

    await store.goBackTo(kept);
    await ledger.readBalance(ACCOUNT);
    await settled();
    expect(regressions).toBe(1);
    const { sequence: _, ...money } = before ?? { sequence: 0 };
    expect(await ledger.readBalance(ACCOUNT)).toMatchObject(money);
    await expectSoundBooks(ledger, ACCOUNT, nowMs);
    expect(regressions).toBe(1);
  });

  it('are noticed without traffic, by asking', async () => {
    const { ledger, probe, settled } = wrap();
    await openWith(ledger);
    const kept = store.commands;
    await call(ledger, 10n);
    await store.goBackTo(kept);
    await probe();
    expect(regressions).toBe(0);
    nowMs += 5_001;
    await probe();
    await settled();
    expect(regressions).toBe(1);
    expect(await ledger.readBalance(ACCOUNT)).toMatchObject({ chargedNanoUsd: 10n });
  });

  it('are noticed after a reconnection, where others have written on past what was seen here', async () => {
    const { ledger, probe, suspect, settled } = wrap();
    await openWith(ledger);
    await call(ledger, 10n);
    const kept = store.commands;
    await call(ledger, 20n);
    await call(ledger, 30n);
    const before = await ledger.readBalance(ACCOUNT);
    await store.goBackTo(kept);
    // Another process, which was quicker to find the new primary.
    for (let number = 0; number < 5; number += 1) await call(store.ledger, 1n);
    suspect();
    store.state.down = true;
    await probe();
    store.state.down = false;
    expect((await ledger.readBalance(ACCOUNT))?.sequence).toBeGreaterThan(before?.sequence ?? 0);
    expect(regressions).toBe(0);
    await probe();
    await settled();
    expect(regressions).toBe(1);
    expect(await ledger.readBalance(ACCOUNT)).toMatchObject({ chargedNanoUsd: 65n });
    await expectSoundBooks(ledger, ACCOUNT, nowMs);
    suspect();
    await probe();
    await settled();
    expect(regressions).toBe(1);
  });

  it('are noticed where the store changed once more before it could be asked', async () => {
    const { ledger, probe, suspect, settled } = wrap();
    await openWith(ledger);
    await call(ledger, 10n);
    suspect();
    store.state.down = true;
    await probe();
    store.state.down = false;
    const kept = store.commands;
    await call(ledger, 20n);
    await store.goBackTo(kept);
    for (let number = 0; number < 5; number += 1) await call(store.ledger, 1n);
    suspect();
    await probe();
    await settled();
    expect(regressions).toBe(1);
    expect(await ledger.readBalance(ACCOUNT)).toMatchObject({ chargedNanoUsd: 35n });
  });

  it('are the whole account: it is opened again, with its policy', async () => {
    const { ledger, settled } = wrap();
    await openWith(ledger);
    await call(ledger, 30n);
    await ledger.setPolicy({ accountId: ACCOUNT, status: 'frozen', mode: 'postpaid', creditLimitNanoUsd: 77n });
    await ledger.readBalance(ACCOUNT);
    await store.goBackTo(0);
    await ledger.readBalance(ACCOUNT);
    await settled();
    expect(await ledger.readBalance(ACCOUNT)).toMatchObject({
      ...{ status: 'frozen', mode: 'postpaid', creditLimitNanoUsd: 77n },
      ...{ chargedNanoUsd: 30n, grantedNanoUsd: 1_000n, debtNanoUsd: 0n },
    });
  });

  it('are a closing: the account is closed again, after its settles', async () => {
    const { ledger, settled } = wrap();
    await openWith(ledger);
    const kept = store.commands;
    await call(ledger, 30n);
    await ledger.closeAccount({ accountId: ACCOUNT });
    await store.goBackTo(kept);
    await ledger.readBalance(ACCOUNT);
    await settled();
    expect(await ledger.readBalance(ACCOUNT)).toMatchObject({ status: 'closed', chargedNanoUsd: 30n, debtNanoUsd: 0n });
  });

  it('are sent again when the store, gone once more, is back', async () => {
    const { ledger, probe, settled } = wrap();
    await openWith(ledger);
    const kept = store.commands;
    await call(ledger, 40n);
    await store.goBackTo(kept);
    const read = ledger.readBalance(ACCOUNT);
    await read;
    store.state.down = true;
    await settled();
    await probe();
    store.state.down = false;
    await probe();
    await settled();
    expect(await ledger.readBalance(ACCOUNT)).toMatchObject({ chargedNanoUsd: 40n });
  });

  it('of another process come first where one of ours needs them', async () => {
    const ours = wrap();
    const theirs = wrap();
    await ours.ledger.openAccount({ accountId: ACCOUNT, mode: 'prepaid', creditLimitNanoUsd: 0n });
    const kept = store.commands;
    await theirs.ledger.grant(grantOf('grant_1'));
    await ours.ledger.voidGrant({ accountId: ACCOUNT, grantId: 'grant_1' });
    await theirs.ledger.readBalance(ACCOUNT);
    await store.goBackTo(kept);
    await ours.ledger.readBalance(ACCOUNT);
    await ours.settled();
    await theirs.ledger.readBalance(ACCOUNT);
    await theirs.settled();
    expect(await store.ledger.readBalance(ACCOUNT)).toMatchObject({ availableNanoUsd: 1_000n });
    await ours.probe();
    expect(await store.ledger.readBalance(ACCOUNT)).toMatchObject({ availableNanoUsd: 0n, voidedNanoUsd: 1_000n });
  });

  it('are not seen where replies of one batch are read out of order', async () => {
    const { ledger } = wrap();
    await openWith(ledger);
    const calls = Array.from({ length: 20 }, (_, index) => call(ledger, BigInt(index)));
    await Promise.all(calls);
    expect(regressions).toBe(0);
  });

  it('older than two minutes, or beyond the bound, are not remembered', async () => {
    const { ledger, settled } = wrap(3);
    await openWith(ledger);
    const kept = store.commands;
    for (let index = 0; index < 5; index += 1) await call(ledger, 10n);
    await store.goBackTo(kept);
    await ledger.readBalance(ACCOUNT);
    await settled();
    expect(await ledger.readBalance(ACCOUNT)).toMatchObject({ chargedNanoUsd: 30n });

    nowMs += 120_001;
    await call(ledger, 5n);
    await store.goBackTo(kept);
    await ledger.readBalance(ACCOUNT);
    await settled();
    expect(await ledger.readBalance(ACCOUNT)).toMatchObject({ chargedNanoUsd: 5n });
  });
});
