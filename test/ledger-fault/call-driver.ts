import { join } from 'node:path';
import { expect } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { type HoldReply, type Ledger, LedgerUnavailable } from '../../src/ledger/ledger.ts';
import { createSettleQueue, type SettleQueue } from '../../src/metering/settle-queue.ts';
import { openSettleSpool } from '../../src/metering/settle-spool.ts';
import { systemTimers } from '../../src/metering/timers.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { expectSoundBooks } from '../ledger/ledger-conformance.ts';
import { createLog } from '../support/shared-parts.ts';
import { until } from '../support/until.ts';

/**
 * Calls as the meter makes them, with the product's own settle queue and spool, and a bill beside them: a call whose
 * hold was granted is billed, whatever the store says afterwards.
 */
export interface CallDriver {
  readonly accountId: string;
  /** What an upstream would have billed so far. */
  readonly billedNanoUsd: bigint;
  /** How the calls so far were answered. */
  readonly counts: Readonly<Record<'admitted' | 'refused' | 'unavailable', number>>;
  /** Makes calls, so many at once, until told to stop. */
  run(lanes: number): { stop(): Promise<void> };
  /** Once the store is well again: everything is delivered, no hold is open, charged is billed, the books are sound. */
  expectExact(): Promise<void>;
  close(): Promise<void>;
}

const CREDIT_NANO_USD = 10n ** 15n;
const LEASE_MS = 1_500;

/**
 * Opens an account with credit.
 * @param auditor the same ledger on a way that is not disturbed, to look at the books.
 */
export async function createCallDriver(ledger: Ledger, auditor: Ledger, folder: string): Promise<CallDriver> {
  const accountId = createId('acct', Date.now());
  const grantId = createId('grant', Date.now());
  // By the ledger under test, which may have to make them again.
  await until(() => openAccount(ledger, accountId, grantId), { what: 'the account has its credit' });
  const queue = await openQueue(ledger, folder);
  const counts = { admitted: 0, refused: 0, unavailable: 0 };
  let billedNanoUsd = 0n;

  const call = async (number: number): Promise<void> => {
    const nowMs = Date.now();
    const holdId = createId('hold', nowMs);
    const common = { accountId, holdId, tokens: 10n, modelLabels: [], cells: [] };
    const reply = await askTwice(() => ledger.hold({ ...common, amountNanoUsd: 1_000_000n, leaseMs: LEASE_MS }));
    if (reply === undefined) {
      counts.unavailable += 1;
      queue.deliver({ kind: 'release', command: { accountId, holdId }, endedAtMs: nowMs });
      return;
    }
    if (reply.result !== 'held' && reply.result !== 'exists') {
      counts.refused += 1;
      return;
    }
    counts.admitted += 1;
    // Now and then a call costs more than was held.
    const amountNanoUsd = BigInt((number * 7_919) % 1_050_000);
    billedNanoUsd += amountNanoUsd;
    queue.deliver({ kind: 'settle', command: { ...common, amountNanoUsd }, endedAtMs: nowMs });
  };

  return {
    accountId,
    get billedNanoUsd() {
      return billedNanoUsd;
    },
    counts,
    run(lanes) {
      let stopped = false;
      let number = 0;
      const lane = async (): Promise<void> => {
        while (!stopped) {
          number += 1;
          await call(number);
          // A refusal at once must not starve what would end it.
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      };
      const running = Promise.all(Array.from({ length: lanes }, lane));
      return {
        async stop() {
          stopped = true;
          await running;
        },
      };
    },
    async expectExact() {
      await queue.settled();
      await until(() => queue.waiting().entries === 0, { what: 'everything is delivered', timeoutMs: 30_000 });
      await until(() => reclaimAll(auditor, accountId), { what: 'no hold is open', timeoutMs: 10_000 });
      expect(await auditor.readBalance(accountId)).toMatchObject({
        chargedNanoUsd: billedNanoUsd,
        heldNanoUsd: 0n,
        debtNanoUsd: 0n,
      });
      await expectSoundBooks(auditor, accountId, Date.now());
    },
    close: () => queue.close(),
  };
}

async function openAccount(ledger: Ledger, accountId: string, grantId: string): Promise<boolean> {
  await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
  await ledger.grant({
    accountId,
    grantId,
    amountNanoUsd: CREDIT_NANO_USD,
    kind: 'paid',
    priority: 50,
    effectiveAtMs: Date.now() - 3_600_000,
    expiresAtMs: Date.now() + 86_400_000,
  });
  return true;
}

async function openQueue(ledger: Ledger, folder: string): Promise<SettleQueue> {
  const { spool, waiting } = await openSettleSpool(join(folder, 'spool.jsonl'));
  return createSettleQueue({
    ledger,
    spool,
    waiting,
    timers: systemTimers,
    metrics: createMetrics({ models: [], nowMs: Date.now, processMetrics: false }),
    logger: createLog().logger,
    entriesMax: 1_000_000,
  });
}

/** Undefined: the store did not answer, twice. */
async function askTwice(ask: () => Promise<HoldReply>): Promise<HoldReply | undefined> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof LedgerUnavailable)) throw error;
    }
  }
  return undefined;
}

/** What a sweeper does with the holds whose lease has ended. @returns whether none is open any more. */
async function reclaimAll(ledger: Ledger, accountId: string): Promise<boolean> {
  const holds = await ledger.readHolds(accountId);
  for (const { holdId } of holds) await ledger.reclaim({ accountId, holdId });
  return (await ledger.readHolds(accountId)).length === 0;
}
