// Goal: whatever number of processes spends at once, and however often each command comes, the credit is given out
// exactly, once per hold, and the journal tells how.
// Method: real processes on one Redis (for the embedded store: as many lanes in its one process), every hold and settle
// sent by two of them; every reply is then looked up in the journal.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { balanceOf, createBooks } from '../../src/domain/credit/account-books.ts';
import type { JournalEntry } from '../../src/domain/credit/credit-types.ts';
import { applyEntry } from '../../src/domain/credit/fold-journal.ts';
import type { Ledger, QuotaCell } from '../../src/ledger/ledger.ts';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { expectSoundBooks } from '../ledger/ledger-conformance.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { runStormJob, type StormAnswer, type StormCall } from './storm-job.ts';
import { type StormProcess, startStormProcess } from './storm-process.ts';

/** Pairs: both of a pair send the same commands. STORM_PAIRS and STORM_CALLS make a longer run. */
const PAIRS = Number(process.env.STORM_PAIRS ?? 3);
const CALLS = Number(process.env.STORM_CALLS ?? 120);
const AMOUNT = 123_456_789n;
const TIMEOUT_MS = 60_000 + PAIRS * CALLS * 50;

interface StormGround {
  ledger: Ledger;
  processes: StormProcess[];
  close(): Promise<void>;
}

async function openRedisGround(): Promise<StormGround> {
  const server = await startRedisServer();
  const client = await connectRedis({
    url: server.url,
    commandTimeoutMs: 20_000,
    startTimeoutMs: 5_000,
    onFault: () => {},
  });
  const processes = await Promise.all(Array.from({ length: 2 * PAIRS }, () => startStormProcess(server.url)));
  return {
    ledger: createRedisLedger({ client }),
    processes,
    async close() {
      for (const process of processes) process[Symbol.dispose]();
      client.disconnect();
      await server.stop();
    },
  };
}

async function openSqliteGround(): Promise<StormGround> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-storm-'));
  const database = openDatabase({ path: join(folder, 'ledger.sqlite'), parts: [LEDGER_SCHEMA] });
  const ledger = createSqliteLedger({ database, clock: Date.now });
  const lane: StormProcess = { run: (job) => runStormJob(ledger, job), [Symbol.dispose]: () => undefined };
  return {
    ledger,
    processes: Array.from({ length: 2 * PAIRS }, () => lane),
    async close() {
      await ledger.close();
      database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describe.each([
  ['Redis', openRedisGround],
  ['the embedded store', openSqliteGround],
] as const)(`a storm of ${2 * PAIRS} times ${CALLS} calls on %s`, (_name, open) => {
  let ground: StormGround;
  beforeAll(async () => {
    ground = await open();
  });
  afterAll(() => ground.close());

  async function openAccount(creditNanoUsd: bigint): Promise<string> {
    const { ledger } = ground;
    const nowMs = Date.now();
    const accountId = createId('acct', nowMs);
    await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
    await ledger.grant({
      accountId,
      grantId: createId('grant', nowMs),
      amountNanoUsd: creditNanoUsd,
      kind: 'paid',
      priority: 50,
      effectiveAtMs: nowMs - 60_000,
      expiresAtMs: nowMs + 86_400_000,
    });
    return accountId;
  }

  /** Lets every pair run the same calls at the same time; the second of a pair begins at the other end. */
  async function storm(accountId: string, terms: Omit<StormCall, 'holdId'>): Promise<Storm> {
    const nowMs = Date.now();
    const answers = await Promise.all(
      Array.from({ length: PAIRS }, (_, pair) => pair).flatMap((pair) => {
        const calls = Array.from({ length: CALLS }, () => ({ ...terms, holdId: createId('hold', nowMs) }));
        const run = (at: number, list: StormCall[]) =>
          (ground.processes[2 * pair + at] as StormProcess).run({ accountId, calls: list, width: 16 });
        // Half of the commands of a pair meet in the middle, half come in the same order.
        const other = [...calls.slice(CALLS / 2), ...calls.slice(0, CALLS / 2)];
        return [run(0, calls), run(1, pair % 2 === 0 ? calls : other)];
      }),
    );
    const journal = await ground.ledger.readJournal(accountId, { afterSequence: 0, limit: 1_000_000 });
    await expectSoundBooks(ground.ledger, accountId, Date.now());
    const byHold = groupByHold(answers.flat());
    expect(byHold.size).toBe(PAIRS * CALLS);
    expectRepliesInLine(accountId, journal, answers.flat());
    return { byHold, journal };
  }

  test('exactly floor(credit / amount) are admitted, each by one of those who ask', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const wanted = BigInt(Math.floor((PAIRS * CALLS) / 3));
    const accountId = await openAccount(wanted * AMOUNT + AMOUNT - 1n);
    const { byHold } = await storm(accountId, { amountNanoUsd: `${AMOUNT}`, settleNanoUsd: `${AMOUNT}`, cells: [] });

    const admitted = [...byHold.values()].filter((pair) => pair.some(({ hold }) => hold.result === 'held'));
    expect(BigInt(admitted.length)).toBe(wanted);
    for (const pair of admitted) {
      expect(pair.filter(({ hold }) => hold.result === 'held')).toHaveLength(1);
      expect(pair.filter(({ hold }) => ['exists', 'done'].includes(hold.result))).toHaveLength(1);
      expect(pair.map(({ settle }) => settle?.result).sort()).toEqual(['duplicate', 'settled']);
    }
    const refused = [...byHold.values()].filter((pair) => !admitted.includes(pair));
    expect(new Set(refused.flat().map(({ hold }) => hold.result))).toEqual(new Set(['insufficient_credit']));
    expect(await ground.ledger.readBalance(accountId)).toMatchObject({
      chargedNanoUsd: wanted * AMOUNT,
      availableNanoUsd: AMOUNT - 1n,
      heldNanoUsd: 0n,
      debtNanoUsd: 0n,
    });
  });

  test('what calls give back is given out again, and never more than there is', { timeout: TIMEOUT_MS }, async () => {
    const credit = 20n * AMOUNT;
    const accountId = await openAccount(credit);
    const { byHold, journal } = await storm(accountId, {
      amountNanoUsd: `${AMOUNT}`,
      settleNanoUsd: `${AMOUNT / 3n}`,
      cells: [],
    });
    const admitted = [...byHold.values()].filter((pair) => pair.some(({ settle }) => settle?.result === 'settled'));
    expect(admitted.length).toBeGreaterThan(20);
    for (const { heldNanoUsd, chargedNanoUsd } of foldSteps(accountId, journal)) {
      expect(heldNanoUsd + chargedNanoUsd <= credit).toBe(true);
    }
    expect(await ground.ledger.readBalance(accountId)).toMatchObject({
      chargedNanoUsd: BigInt(admitted.length) * (AMOUNT / 3n),
      debtNanoUsd: 0n,
      heldNanoUsd: 0n,
    });
  });

  test('of a quota in money and one in calls the tighter admits exactly', { timeout: TIMEOUT_MS }, async () => {
    const accountId = await openAccount(1_000_000n * AMOUNT);
    const usd = quota('quota_usd', 'usd', `${50n * AMOUNT + 1n}`, 'day:2026-11-20');
    const requests = quota('quota_requests', 'requests', '41', 'month:2026-11');
    const { byHold } = await storm(accountId, {
      amountNanoUsd: `${AMOUNT}`,
      settleNanoUsd: `${AMOUNT}`,
      cells: [usd, requests],
    });
    const answers = [...byHold.values()].flat();
    expect(answers.filter(({ hold }) => hold.result === 'held')).toHaveLength(41);
    const refusals = answers.filter(({ hold }) => hold.result === 'quota_exceeded');
    expect(refusals.length).toBe(2 * (PAIRS * CALLS - 41));
    expect(new Set(refusals.map(({ hold }) => hold.quotaId))).toEqual(new Set(['quota_requests']));
    expect(await ground.ledger.readCells(accountId, [usd, requests])).toEqual([
      { used: 41n * AMOUNT, held: 0n },
      { used: 41n, held: 0n },
    ]);
  });

  test('a limit of open calls holds at every step', { timeout: TIMEOUT_MS }, async () => {
    const accountId = await openAccount(1_000_000n * AMOUNT);
    const open = quota('quota_open', 'concurrency', '7', 'total');
    const terms = { amountNanoUsd: `${AMOUNT}`, settleNanoUsd: '1', cells: [open] };
    const { byHold, journal } = await storm(accountId, terms);
    const steps = foldSteps(accountId, journal).map(({ open }) => open);
    expect(Math.max(...steps)).toBe(7);
    expect(steps.at(-1)).toBe(0);
    for (const { hold } of [...byHold.values()].flat()) {
      expect(['held', 'exists', 'done', 'quota_exceeded']).toContain(hold.result);
    }
    expect(await ground.ledger.readCells(accountId, [open])).toEqual([{ used: 0n, held: 0n }]);
  });
});

interface Storm {
  byHold: Map<string, StormAnswer[]>;
  journal: JournalEntry[];
}

function quota(quotaId: string, measure: QuotaCell['measure'], limit: string, window: string) {
  return { quotaId, window, measure, limit, mode: 'hard' } as const;
}

function groupByHold(answers: readonly StormAnswer[]): Map<string, StormAnswer[]> {
  const byHold = new Map<string, StormAnswer[]>();
  for (const answer of answers) byHold.set(answer.holdId, [...(byHold.get(answer.holdId) ?? []), answer]);
  return byHold;
}

interface FoldStep {
  availableNanoUsd: bigint;
  heldNanoUsd: bigint;
  chargedNanoUsd: bigint;
  open: number;
}

/** The account after each entry; the fold itself throws when a pocket goes below zero. */
function foldSteps(accountId: string, journal: readonly JournalEntry[]): FoldStep[] {
  const books = createBooks(accountId);
  return journal.map((entry) => {
    applyEntry(books, entry);
    const { availableNanoUsd, heldNanoUsd, chargedNanoUsd } = balanceOf(books, entry.atMs);
    return { availableNanoUsd, heldNanoUsd, chargedNanoUsd, open: books.holds.size };
  });
}

/**
 * The journal is the order in which everything happened: a reply that says held or settled names the sequence at which
 * the journal has just that, every reply's balance is the one at its sequence, and each effect was told to one asker.
 */
function expectRepliesInLine(
  accountId: string,
  journal: readonly JournalEntry[],
  answers: readonly StormAnswer[],
): void {
  const steps = foldSteps(accountId, journal);
  const told = new Set<number>();
  for (const { holdId, hold, settle } of answers) {
    for (const reply of [hold, settle]) {
      if (reply?.sequence === undefined) continue;
      expect(reply.availableNanoUsd).toBe(`${steps[reply.sequence - 1]?.availableNanoUsd}`);
      const operation = { held: 'hold', settled: 'settle', late: 'late' }[reply.result];
      if (operation === undefined) continue;
      expect(journal[reply.sequence - 1]).toMatchObject({ operation, subjectId: holdId });
      expect(told.has(reply.sequence)).toBe(false);
      told.add(reply.sequence);
    }
  }
  const effects = journal.filter(({ operation }) => ['hold', 'settle', 'late'].includes(operation));
  expect(effects.map(({ sequence }) => sequence)).toEqual([...told].sort((left, right) => left - right));
}
