import cluster, { type Worker } from 'node:cluster';
import type { MetricsSnapshot } from '../observability/metrics-snapshot.ts';
import {
  type PrimaryMessage,
  type WorkerIdentity,
  type WorkerMessage,
  writeWorkerArguments,
} from './worker-messages.ts';

export interface WorkerPoolOptions {
  /** The file that is run. */
  program: string;
  /** 2 or more. */
  count: number;
  simulatedUrl: string | undefined;
  timers: {
    nowMs(): number;
    after(delayMs: number, run: () => void): () => void;
  };
  /** What a worker had counted when it was last asked, once it has ended. */
  onEnded(snapshot: MetricsSnapshot): void;
  logger: { info(facts: object, text: string): void; error(facts: object, text: string): void };
}

/** Processes that serve the public listener together, each started again when it ends unasked. */
export interface WorkerPool {
  readonly publicUrl: string;
  /** Workers that serve now. */
  serving(): number;
  /** What each worker counts; of one that does not answer in time, what it told last. */
  readMetrics(): Promise<MetricsSnapshot[]>;
  /** Has the workers read their files again. */
  reload(): void;
  /** Lets the workers end as a whole process does; kills those that have not ended after that time. */
  stop(timeoutMs: number): Promise<void>;
  /** At once. What is not settled lies in their spools. */
  kill(): void;
}

/** A worker could not start, and no other would. */
export class WorkerStartFailed extends Error {
  readonly code = 'WORKER_START_FAILED';
  override readonly name = 'WorkerStartFailed';
  /** For people. */
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** A worker that ends as soon as it starts is tried again after a second, then later and later. */
const RESTART_FIRST_MS = 1_000;
const RESTART_LAST_MS = 30_000;
/** A worker that has lived so long starts at once when it ends. */
const SOUND_AFTER_MS = 60_000;
const METRICS_TIMEOUT_MS = 2_000;

interface Slot {
  identity: WorkerIdentity;
  worker: Worker | undefined;
  serves: boolean;
  startedAtMs: number;
  pauseMs: number;
  snapshot: MetricsSnapshot;
  /** Questions for metrics that wait for an answer. */
  asked: Map<number, (snapshot: MetricsSnapshot) => void>;
  onEnd: () => void;
}

/** @throws WorkerStartFailed when a worker ends before it serves; the others are ended then. */
export async function startWorkerPool(options: WorkerPoolOptions): Promise<WorkerPool> {
  const { count, simulatedUrl } = options;
  const slots = Array.from({ length: count }, (_, place) => createSlot({ index: place + 1, simulatedUrl }, options));
  const state = { stopping: false, publicUrl: '' };
  const kill = (): void => {
    state.stopping = true;
    for (const { worker } of slots) worker?.process.kill('SIGKILL');
  };
  try {
    await Promise.all(slots.map((slot) => startFirst(options, slot, state)));
  } catch (error) {
    kill();
    throw error;
  }
  const tell = (message: PrimaryMessage): void => {
    for (const { worker } of slots) if (worker?.isConnected()) worker.send(message);
  };
  let questions = 0;
  return {
    publicUrl: state.publicUrl,
    serving: () => slots.filter(({ serves }) => serves).length,
    readMetrics: () => {
      questions += 1;
      return Promise.all(slots.map((slot) => askMetrics(options, slot, questions)));
    },
    reload: () => tell({ type: 'reload' }),
    async stop(timeoutMs) {
      state.stopping = true;
      const ended = slots.map(waitForEnd);
      tell({ type: 'stop' });
      const cancel = options.timers.after(timeoutMs, kill);
      await Promise.all(ended);
      cancel();
    },
    kill,
  };
}

function createSlot(identity: WorkerIdentity, { timers }: WorkerPoolOptions): Slot {
  return {
    identity,
    worker: undefined,
    serves: false,
    startedAtMs: timers.nowMs(),
    pauseMs: RESTART_FIRST_MS,
    snapshot: [],
    asked: new Map(),
    onEnd: () => undefined,
  };
}

/** Resolves when it serves. */
function startFirst(
  options: WorkerPoolOptions,
  slot: Slot,
  state: { stopping: boolean; publicUrl: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    let why: readonly string[] = ['a worker ended at its start'];
    let hasServed = false;
    const start = (): void => {
      const worker = fork(options, slot);
      worker.on('message', (message: WorkerMessage) => {
        if (message.type === 'serving') {
          slot.serves = true;
          hasServed = true;
          state.publicUrl = message.publicUrl;
          resolve();
        } else if (message.type === 'refused') why = message.problems;
        else takeMetrics(slot, message);
      });
      worker.once('exit', (code, signal) => {
        end(options, slot);
        // One that never served would not the next time either: the start is given up.
        if (!hasServed) reject(new WorkerStartFailed(why));
        if (!hasServed || state.stopping) return;
        const pauseMs = choosePause(options, slot);
        const facts = { worker: slot.identity.index, code, signal, starts_again_in_ms: pauseMs };
        options.logger.error(facts, 'a worker has ended and is started again');
        options.timers.after(pauseMs, () => void (state.stopping || start()));
      });
    };
    start();
  });
}

function fork({ program, timers }: WorkerPoolOptions, slot: Slot): Worker {
  // The settings hold for the forks that follow. `advanced` carries NaN and Infinity, which JSON does not.
  cluster.setupPrimary({ exec: program, args: writeWorkerArguments(slot.identity), serialization: 'advanced' });
  const worker = cluster.fork();
  slot.worker = worker;
  slot.startedAtMs = timers.nowMs();
  return worker;
}

function end({ onEnded }: WorkerPoolOptions, slot: Slot): void {
  onEnded(slot.snapshot);
  slot.serves = false;
  slot.worker = undefined;
  slot.snapshot = [];
  for (const answer of slot.asked.values()) answer([]);
  slot.asked.clear();
  slot.onEnd();
}

function choosePause({ timers }: WorkerPoolOptions, slot: Slot): number {
  if (timers.nowMs() - slot.startedAtMs >= SOUND_AFTER_MS) {
    slot.pauseMs = RESTART_FIRST_MS;
    return 0;
  }
  const { pauseMs } = slot;
  slot.pauseMs = Math.min(pauseMs * 2, RESTART_LAST_MS);
  return pauseMs;
}

function takeMetrics(slot: Slot, { id, snapshot }: Extract<WorkerMessage, { type: 'metrics' }>): void {
  slot.snapshot = snapshot;
  slot.asked.get(id)?.(snapshot);
  slot.asked.delete(id);
}

function askMetrics({ timers }: WorkerPoolOptions, slot: Slot, id: number): Promise<MetricsSnapshot> {
  const { worker } = slot;
  if (worker === undefined || !worker.isConnected()) return Promise.resolve(slot.snapshot);
  return new Promise((resolve) => {
    const cancel = timers.after(METRICS_TIMEOUT_MS, () => answer(slot.snapshot));
    const answer = (snapshot: MetricsSnapshot): void => {
      cancel();
      slot.asked.delete(id);
      resolve(snapshot);
    };
    slot.asked.set(id, answer);
    worker.send({ type: 'metrics', id } satisfies PrimaryMessage);
  });
}

function waitForEnd(slot: Slot): Promise<void> {
  if (slot.worker === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    slot.onEnd = resolve;
  });
}
