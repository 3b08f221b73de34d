/**
 * First words of errors by which Redis says that it cannot take the command now, though the command is right.
 * NOAUTH to NOPERM: credentials are the operator's to mend, and until then nothing can be stored.
 */
const UNAVAILABLE_REPLIES = new Set([
  'LOADING',
  'READONLY',
  'OOM',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'NOREPLICAS',
  'MISCONF',
  'BUSY',
  'UNBLOCKED',
  'NOAUTH',
  'WRONGPASS',
  'NOPERM',
]);

/** What an error of the Redis client means for the one who sent the command. */
export type StoreFault =
  /** No connection, no answer in time, or Redis cannot take it now. Whether it took effect is unknown. */
  | 'unavailable'
  /** Redis answered that the command or the data is wrong: ours to mend, sending it again is no use. */
  | 'refused';

/** Sorts an error thrown by ioredis. Anything that is no answer of Redis is a fault of the way to it. */
export function classifyStoreFault(error: unknown): StoreFault {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return 'unavailable';
  const word = /^[A-Z]+/.exec(error.message)?.[0] ?? '';
  return UNAVAILABLE_REPLIES.has(word) ? 'unavailable' : 'refused';
}

/** Runs a command of the store; its errors become `unavailable` or `refused` errors of the interface it serves. */
export async function mapStoreFault<T>(
  command: () => Promise<T>,
  faults: { unavailable: (cause: unknown) => Error; refused: (cause: unknown) => Error },
): Promise<T> {
  try {
    return await command();
  } catch (error) {
    throw faults[classifyStoreFault(error)](error);
  }
}
