/** Work in the background that is done again and again, one round at a time. */
export interface Rounds {
  /** One round; asked for while one is under way it is that one. */
  run(): Promise<void>;
  /** Whether the round under way is to end early. */
  isStopping(): boolean;
  /** Resolves when the round under way, if any, has ended. */
  stop(): Promise<void>;
}

/** @param round never rejects. */
export function createRounds(parts: {
  every: (intervalMs: number, run: () => void) => () => void;
  everyMs: number;
  round(): Promise<void>;
}): Rounds {
  let running: Promise<void> | undefined;
  let isStopping = false;
  const run = (): Promise<void> => {
    running ??= parts.round().finally(() => {
      running = undefined;
    });
    return running;
  };
  const stopTimer = parts.every(parts.everyMs, () => void run());
  return {
    run,
    isStopping: () => isStopping,
    async stop() {
      isStopping = true;
      stopTimer();
      await running;
    },
  };
}
