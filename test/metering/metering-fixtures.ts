import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createId } from '../../src/directory/create-id.ts';
import type { Principal } from '../../src/directory/directory.ts';
import type { MessagesRequest } from '../../src/domain/call-request.ts';
import { orderQuotas, type Quota } from '../../src/domain/quota.ts';
import type { CallUsage } from '../../src/domain/usage.ts';
import { type Ledger, LedgerUnavailable } from '../../src/ledger/ledger.ts';
import type { LedgerWrite } from '../../src/metering/ledger-write.ts';
import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { makeRequest as makePlainRequest } from '../domain/make-request.ts';
import { createManualTimers, type ManualTimers } from '../support/manual-timers.ts';

export const ACCOUNT_ID = 'acct_1';
export const NANO = 1_000_000_000n;

/** Hold ids need the millisecond time of an attempt. */
export function makeHoldId(timers: ManualTimers): string {
  return createId('hold', timers.nowMs());
}

export interface LedgerFixture extends AsyncDisposable {
  ledger: Ledger;
  timers: ManualTimers;
  /** While true the store does not answer: commands have no effect. */
  down: boolean;
  /** While true a command takes effect and its answer is lost. */
  mute: boolean;
  /** How many commands were sent, answered or not. */
  sent: Record<string, number>;
}

/** The embedded ledger in memory, with one account of $10, behind a switch that makes the store silent. */
export async function openLedgerFixture(
  creditUsd = 10,
  { startMs, creditDays = 1 }: { startMs?: number; creditDays?: number } = {},
): Promise<LedgerFixture> {
  const timers = createManualTimers(startMs);
  const database = openDatabase({ path: ':memory:', parts: [LEDGER_SCHEMA] });
  const real = createSqliteLedger({ database, clock: timers.nowMs });
  await real.openAccount({ accountId: ACCOUNT_ID, mode: 'prepaid', creditLimitNanoUsd: 0n });
  if (creditUsd > 0) {
    await real.grant({
      accountId: ACCOUNT_ID,
      grantId: createId('grant', timers.nowMs()),
      amountNanoUsd: BigInt(Math.round(creditUsd * 1e9)),
      kind: 'paid',
      priority: 50,
      effectiveAtMs: timers.nowMs(),
      expiresAtMs: timers.nowMs() + creditDays * 86_400_000,
    });
  }
  const fixture: LedgerFixture = {
    ledger: real,
    timers,
    down: false,
    mute: false,
    sent: {},
    async [Symbol.asyncDispose]() {
      database.close();
    },
  };
  const switched = ['hold', 'extend', 'settle', 'release', 'reclaim', 'tick', 'findDue'] as const;
  const wrapped = Object.fromEntries(
    switched.map((name) => [
      name,
      async (command: never) => {
        fixture.sent[name] = (fixture.sent[name] ?? 0) + 1;
        if (fixture.down) throw new LedgerUnavailable('down');
        const reply = await real[name](command);
        if (fixture.mute) throw new LedgerUnavailable('the answer was lost');
        return reply;
      },
    ]),
  );
  fixture.ledger = { ...real, ...wrapped } as Ledger;
  return fixture;
}

export async function hold(fixture: LedgerFixture, amountNanoUsd = NANO, leaseMs = 120_000): Promise<string> {
  const holdId = makeHoldId(fixture.timers);
  const reply = await fixture.ledger.hold({
    accountId: ACCOUNT_ID,
    holdId,
    amountNanoUsd,
    tokens: 0n,
    leaseMs,
    modelLabels: [],
    cells: [],
  });
  if (reply.result !== 'held') throw new Error(reply.result);
  return holdId;
}

export function settleOf(holdId: string, amountNanoUsd: bigint, endedAtMs = 0): LedgerWrite {
  const command = { accountId: ACCOUNT_ID, holdId, amountNanoUsd, tokens: 7n, modelLabels: [], cells: [] };
  return { kind: 'settle', command: { ...command, details: { note: 'ü\n"' } }, endedAtMs };
}

export function releaseOf(holdId: string): LedgerWrite {
  return { kind: 'release', command: { accountId: ACCOUNT_ID, holdId }, endedAtMs: 0 };
}

export async function openFolder(): Promise<AsyncDisposable & { path: string; file(name: string): string }> {
  const path = await mkdtemp(join(tmpdir(), 'tollgate-spool-'));
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

export function makeRequest(changes: Partial<MessagesRequest> = {}): MessagesRequest {
  return makePlainRequest({
    model: 'claude-haiku-4-5',
    maxTokens: 1_000,
    bodyBytes: 300,
    textBytes: 300,
    ...changes,
  });
}

export function makeUsage(input: number, output: number, changes: Partial<CallUsage> = {}): CallUsage {
  const tokens = { input, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0, output };
  return {
    model: 'claude-haiku-4-5-20251001',
    passes: [{ model: 'claude-haiku-4-5-20251001', kind: 'message', tokens }],
    webSearches: 0,
    serviceTier: 'standard',
    inferenceGeo: undefined,
    speed: undefined,
    ...changes,
  };
}

export function makePrincipal(changes: Partial<Principal['key']> = {}): Principal {
  return {
    account: {
      id: ACCOUNT_ID,
      name: 'Acme',
      timezone: 'UTC',
      mode: 'prepaid',
      creditLimitNanoUsd: 0n,
      onDisconnect: 'drain',
      onExhausted: 'refuse',
      lowBalanceNanoUsd: [],
      createdAtMs: 0,
    },
    team: { id: 'team_1', accountId: ACCOUNT_ID, name: 'Research', createdAtMs: 0 },
    key: {
      id: 'key_1',
      accountId: ACCOUNT_ID,
      teamId: 'team_1',
      name: 'laptop',
      secretHash: '0'.repeat(64),
      hint: 'tg_abcd',
      createdAtMs: 0,
      ...changes,
    },
    quotas: [],
  };
}

export const aQuota = (changes: Partial<Quota> = {}): Quota => ({
  id: 'quota_1',
  accountId: ACCOUNT_ID,
  scope: { type: 'account', id: ACCOUNT_ID },
  window: 'day',
  measure: 'usd',
  limit: NANO,
  mode: 'hard',
  raises: [],
  createdAtMs: 0,
  ...changes,
});
export const withQuotas = (...quotas: Quota[]): Principal => ({ ...makePrincipal(), quotas: orderQuotas(quotas) });
