import type { MetricsSnapshot } from '../observability/metrics-snapshot.ts';

/** What the primary process asks of a worker. */
export type PrimaryMessage = { type: 'stop' } | { type: 'reload' } | { type: 'metrics'; id: number };

/** What a worker tells the primary process. */
export type WorkerMessage =
  | { type: 'serving'; publicUrl: string }
  /** It cannot start. */
  | { type: 'refused'; problems: readonly string[] }
  /** `id`: of the question; 0 is the last one, before it ends. */
  | { type: 'metrics'; id: number; snapshot: MetricsSnapshot };

/** Of one worker: what it is started with, besides the environment. */
export interface WorkerIdentity {
  /** From 1. */
  index: number;
  /** Where the primary's simulated API listens; undefined: the real one answers. */
  simulatedUrl: string | undefined;
}

const WORD = 'worker';

/** The arguments by which a process knows that it is a worker. */
export function writeWorkerArguments({ index, simulatedUrl }: WorkerIdentity): string[] {
  return [WORD, `${index}`, ...(simulatedUrl === undefined ? [] : [simulatedUrl])];
}

/** Undefined: the process was started by a person or a service. */
export function readWorkerArguments(args: readonly string[]): WorkerIdentity | undefined {
  const [word, index, simulatedUrl] = args;
  if (word !== WORD || !/^[1-9]\d{0,2}$/.test(index ?? '')) return undefined;
  return { index: Number(index), simulatedUrl };
}
