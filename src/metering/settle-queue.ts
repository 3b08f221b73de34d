import { type Ledger, LedgerUnavailable, type ReleaseReply, type SettleReply } from '../ledger/ledger.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { createBackOff } from './back-off.ts';
import { type LedgerWrite, nameLedgerWrite } from './ledger-write.ts';
import type { SettleSpool } from './settle-spool.ts';
import type { Timers } from './timers.ts';

export interface SettleQueueParts {
  ledger: Pick<Ledger, 'settle' | 'release'>;
  spool: SettleSpool;
  /** What the spool still held when it was opened. */
  waiting: readonly LedgerWrite[];
  timers: Timers;
  metrics: Pick<Metrics, 'settleAnswered' | 'storeFailed' | 'observeOverhead'>;
  logger: Pick<Logger, 'error' | 'warn'>;
  /** Writes waiting at which {@link SettleQueue.isFull} turns true. */
  entriesMax: number;
}

/** Delivers the ends of holds to the ledger, off the path of the answer, until each is acknowledged. */
export interface SettleQueue {
  /** Takes a write over. Never throws and never refuses: what was used must be charged. */
  deliver(write: LedgerWrite): void;
  /** Admission stops while this is true, so that the file is bounded. */
  isFull(): boolean;
  /** Writes that wait for a store that did not answer. */
  waiting(): { entries: number; oldestAtMs: number | undefined };
  /** Resolves when everything taken over is acknowledged or lies in the spool. */
  settled(): Promise<void>;
  /** Tries everything once more, then stops. What is not acknowledged stays in the spool for the next start. */
  close(): Promise<void>;
}

/** At once, then doubling: a store that comes back is found within ten seconds. */
const RETRY_FIRST_MS = 250;
const RETRY_LAST_MS = 10_000;
/** Writes sent together after an outage, so that they do not bring the store down again. */
const RETRY_WRITES = 64;

interface Waiting {
  write: LedgerWrite;
  /** On disk. */
  durable: boolean;
}

export function createSettleQueue(parts: SettleQueueParts): SettleQueue {
  const waiting = new Map<string, Waiting>();
  for (const write of parts.waiting) waiting.set(nameLedgerWrite(write), { write, durable: true });
  const underWay = new Set<Promise<void>>();
  const retries = createBackOff({
    timers: parts.timers,
    firstMs: RETRY_FIRST_MS,
    lastMs: RETRY_LAST_MS,
    run: async () => ((await retryOldest(parts, waiting)) ? (waiting.size > 0 ? 'more' : 'idle') : 'failed'),
  });

  const deliver = async (write: LedgerWrite): Promise<void> => {
    if (await send(parts, write)) return;
    const entry = { write, durable: false };
    waiting.set(nameLedgerWrite(write), entry);
    await keep(parts, [entry]);
    retries.start();
  };
  const settled = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay);
  };

  if (waiting.size > 0) retries.start();
  return {
    deliver(write) {
      const work = deliver(write);
      underWay.add(work);
      void work.finally(() => underWay.delete(work));
    },
    isFull: () => waiting.size >= parts.entriesMax,
    waiting: () => ({ entries: waiting.size, oldestAtMs: findOldest(waiting.values()) }),
    settled,
    async close() {
      await settled();
      await retries.stop();
      while (waiting.size > 0 && (await retryOldest(parts, waiting)));
      await parts.spool.close();
    },
  };
}

/** @returns whether the ledger answered. An answer that refuses is an answer: sending it again would change nothing. */
async function send(parts: SettleQueueParts, write: LedgerWrite): Promise<boolean> {
  const started = performance.now();
  try {
    if (write.kind === 'settle') noteSettle(parts, write, await parts.ledger.settle(write.command));
    else noteRelease(parts, write, await parts.ledger.release(write.command));
    if (write.kind === 'settle') parts.metrics.observeOverhead('settle', performance.now() - started);
    return true;
  } catch (error) {
    parts.metrics.storeFailed(write.kind);
    if (!(error instanceof LedgerUnavailable)) {
      parts.logger.error({ err: error, hold_id: write.command.holdId }, 'the ledger failed on a settle; it is kept');
    }
    return false;
  }
}

async function keep({ spool, logger }: SettleQueueParts, entries: readonly Waiting[]): Promise<void> {
  try {
    await spool.put(entries.map(({ write }) => write));
    for (const entry of entries) entry.durable = true;
  } catch (error) {
    logger.error({ err: error, entries: entries.length }, 'the settle spool cannot be written; kept in memory');
  }
}

/** Sends the oldest ones again. @returns whether the ledger answered to all of them. */
async function retryOldest(parts: SettleQueueParts, waiting: Map<string, Waiting>): Promise<boolean> {
  const entries = [...waiting].slice(0, RETRY_WRITES);
  const loose = entries.map(([, entry]) => entry).filter((entry) => !entry.durable);
  if (loose.length > 0) await keep(parts, loose);
  const answered = await Promise.all(entries.map(([, { write }]) => send(parts, write)));
  const done: string[] = [];
  entries.forEach(([name, entry], index) => {
    waiting.delete(name);
    if (answered[index]) done.push(name);
    // One that the ledger cannot take goes behind those that it can.
    else waiting.set(name, entry);
  });
  await acknowledge(parts, done);
  return answered.every(Boolean);
}

async function acknowledge({ spool, logger }: SettleQueueParts, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  try {
    await spool.acknowledge(names);
  } catch (error) {
    logger.warn({ err: error, entries: names.length }, 'the settle spool cannot be written; these will be sent again');
  }
}

function findOldest(entries: Iterable<Waiting>): number | undefined {
  let oldest: number | undefined;
  for (const { write } of entries) if (oldest === undefined || write.endedAtMs < oldest) oldest = write.endedAtMs;
  return oldest;
}

function noteSettle(parts: SettleQueueParts, write: LedgerWrite & { kind: 'settle' }, reply: SettleReply): void {
  parts.metrics.settleAnswered({
    result: reply.result,
    lagMs: Math.max(0, parts.timers.nowMs() - write.endedAtMs),
    overageNanoUsd: 'overageNanoUsd' in reply ? reply.overageNanoUsd : 0n,
  });
  if (['settled', 'late', 'duplicate'].includes(reply.result)) return;
  const { accountId, holdId, amountNanoUsd } = write.command;
  parts.logger.error(
    { result: reply.result, account_id: accountId, hold_id: holdId, amount_nano_usd: amountNanoUsd.toString() },
    'the ledger did not charge a settle',
  );
}

function noteRelease(parts: SettleQueueParts, write: LedgerWrite, reply: ReleaseReply): void {
  if (reply.result !== 'no_account') return;
  const { accountId, holdId } = write.command;
  parts.logger.error({ account_id: accountId, hold_id: holdId }, 'a release found no account');
}
