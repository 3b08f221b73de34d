import { createLinkedMap, type LinkedMap } from '../collections/linked-map.ts';
import { createBackOff } from './back-off.ts';
import { createDelayedSync } from './delayed-sync.ts';
import { type LedgerWrite, nameLedgerWrite } from './ledger-write.ts';
import { type SendParts, sendLedgerWrite } from './send-ledger-write.ts';
import type { SettleSpool } from './settle-spool.ts';
import { createSpoolPlace, type PlaceActions, type SpoolPlace } from './spool-place.ts';

export interface SettleQueueParts extends SendParts {
  spool: SettleSpool;
  /** What the spool still held when it was opened. */
  waiting: readonly LedgerWrite[];
  /** Places in the spool: ends of calls that are not acknowledged, and calls that have not ended, together. */
  entriesMax: number;
  /** Called with each write that the ledger has answered. Must not throw. */
  onAcknowledged?: (write: LedgerWrite) => void;
}

/** Delivers the ends of holds to the ledger, off the path of the answer, until each is acknowledged. */
export interface SettleQueue {
  /** Takes a place for a call that is about to be admitted. Undefined: all are taken, and it must not be. */
  reserve(): SpoolPlace | undefined;
  /** Takes a write over without a place. Never throws and never refuses: what was used must be charged. */
  deliver(write: LedgerWrite): void;
  /** Admission stops while this is true, so that the spool is bounded. */
  isFull(): boolean;
  /** Writes that wait for a store that did not answer. */
  waiting(): { entries: number; oldestAtMs: number | undefined };
  /** Resolves when everything taken over is acknowledged or lies on the disk. */
  settled(): Promise<void>;
  /** Tries everything once more, then stops. What is not acknowledged stays in the spool for the next start. Never rejects. */
  close(): Promise<void>;
}

/** At once, then doubling: a store that comes back is found within ten seconds. */
const RETRY_FIRST_MS = 250;
const RETRY_LAST_MS = 10_000;
/** Writes sent together after an outage, so that they do not bring the store down again. */
const RETRY_WRITES = 64;
/** What the ledger has not acknowledged by then is brought to the disk. Most are acknowledged within a few. */
const SYNC_AFTER_MS = 20;
/** A mark is for the death of this process; that the machine dies as well may cost the last ones. */
const SYNC_MARKS_AFTER_MS = 1_000;

interface Waiting {
  /** As {@link nameLedgerWrite} says: put together once. */
  name: string;
  write: LedgerWrite;
  /** In the spool's file. */
  written: boolean;
  /** The ledger did not answer the first time. */
  late: boolean;
  takenAtMs: number;
}

export function createSettleQueue(parts: SettleQueueParts): SettleQueue {
  const entries = createLinkedMap<Waiting>();
  for (const write of parts.waiting) {
    const name = nameLedgerWrite(write);
    entries.set(name, { name, write, written: true, late: true, takenAtMs: 0 });
  }
  let underWay = 0;
  let whenIdle: (() => void)[] = [];
  let reserved = 0;
  const retries = createBackOff({
    timers: parts.timers,
    firstMs: RETRY_FIRST_MS,
    lastMs: RETRY_LAST_MS,
    run: async () => ((await retryOldest(parts, entries)) ? (isLate(entries) ? 'more' : 'idle') : 'failed'),
  });
  const syncs = createDelayedSync(parts, SYNC_AFTER_MS, () => findOldestUnanswered(entries));
  const markSyncs = createDelayedSync(parts, SYNC_MARKS_AFTER_MS);

  const deliver = async (write: LedgerWrite): Promise<void> => {
    const name = nameLedgerWrite(write);
    const entry: Waiting = { name, write, written: false, late: false, takenAtMs: parts.timers.nowMs() };
    underWay += 1;
    try {
      entries.set(name, entry);
      writeDown(parts, entry);
      syncs.start();
      if (await sendLedgerWrite(parts, write)) {
        entries.delete(name);
        if (entries.size === 0) syncs.cancel();
        acknowledge(parts, [entry]);
        return;
      }
      entry.late = true;
      // Another of the same name may have been acknowledged meanwhile.
      entries.set(name, entry);
      await syncs.now();
      retries.start();
    } finally {
      endOne();
    }
  };
  const endOne = (): void => {
    underWay -= 1;
    if (underWay > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  };
  const settled = async (): Promise<void> => {
    while (underWay > 0) await new Promise<void>((resolve) => whenIdle.push(resolve));
  };
  const isFull = (): boolean => entries.size + reserved >= parts.entriesMax;

  const actions: PlaceActions = {
    take: (write) => void deliver(write),
    leave() {
      reserved -= 1;
    },
    syncSoon: markSyncs.start,
    syncNow: markSyncs.now,
  };

  if (entries.size > 0) retries.start();
  return {
    reserve() {
      if (isFull()) return undefined;
      reserved += 1;
      return createSpoolPlace(parts, actions);
    },
    deliver: actions.take,
    isFull,
    waiting: () => describeWaiting(entries.values()),
    settled,
    async close() {
      await settled();
      await retries.stop();
      while (isLate(entries) && (await retryOldest(parts, entries)));
      syncs.cancel();
      markSyncs.cancel();
      // What comes after is to end in order all the same; a note that is lost costs one more send.
      await parts.spool
        .close()
        .catch((error: unknown) => parts.logger.error({ err: error }, 'the settle spool cannot be closed in order'));
    },
  };
}

function writeDown({ spool, logger }: SettleQueueParts, entry: Waiting): void {
  try {
    spool.put(entry.write, entry.name);
    entry.written = true;
  } catch (error) {
    logger.error(
      { err: error, hold_id: entry.write.command.holdId },
      'the settle spool cannot be written; kept in memory',
    );
  }
}

/** Sends the oldest ones again. @returns whether the ledger answered to all of them. */
async function retryOldest(parts: SettleQueueParts, entries: LinkedMap<Waiting>): Promise<boolean> {
  const chosen = entries
    .values()
    .filter(({ late }) => late)
    .slice(0, RETRY_WRITES);
  for (const entry of chosen) if (!entry.written) writeDown(parts, entry);
  const answered = await Promise.all(chosen.map(({ write }) => sendLedgerWrite(parts, write)));
  const done: Waiting[] = [];
  chosen.forEach((entry, index) => {
    entries.delete(entry.name);
    if (answered[index]) done.push(entry);
    // One that the ledger cannot take goes behind those that it can.
    else entries.set(entry.name, entry);
  });
  acknowledge(parts, done);
  return answered.every(Boolean);
}

function acknowledge({ spool, logger, onAcknowledged }: SettleQueueParts, done: readonly Waiting[]): void {
  if (done.length === 0) return;
  if (onAcknowledged !== undefined) for (const { write } of done) onAcknowledged(write);
  try {
    spool.acknowledge(done.map(({ name }) => name));
  } catch (error) {
    logger.warn({ err: error, entries: done.length }, 'the settle spool cannot be written; these will be sent again');
  }
}

/** Those that are late lie on the disk already. Entries are in the order in which they were taken over. */
function findOldestUnanswered(entries: LinkedMap<Waiting>): number | undefined {
  return entries.find(({ late }) => !late)?.takenAtMs;
}

function isLate(entries: LinkedMap<Waiting>): boolean {
  return entries.find(({ late }) => late) !== undefined;
}

function describeWaiting(entries: Iterable<Waiting>): { entries: number; oldestAtMs: number | undefined } {
  let count = 0;
  let oldest: number | undefined;
  for (const { write, late } of entries) {
    if (!late) continue;
    count += 1;
    if (oldest === undefined || write.endedAtMs < oldest) oldest = write.endedAtMs;
  }
  return { entries: count, oldestAtMs: oldest };
}
