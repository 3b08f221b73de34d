import type { Store } from './open-store.ts';
import type { StoreRisk, StoreWarning } from './store-risk.ts';

export interface WatchStoreOptions {
  /** Runs again and again. @returns the way to stop it. */
  every(intervalMs: number, run: () => void): () => void;
  onCheck(check: { fit: boolean; risks: readonly StoreRisk[] }): void;
  logger: { error(facts: object, text: string): void; warn(facts: object, text: string): void };
}

export interface StoreWatch {
  /** Whether the store may hold money, as it was set up when last looked at. */
  isFit(): boolean;
  /** Looks at once. Never rejects: a store that does not answer is as it was. */
  check(): Promise<void>;
  stop(): void;
}

/** While it is unfit; else every twelfth time. A replica seen in the middle of a fail-over must not close us for long. */
const TICK_MS = 5_000;
const TICKS_PER_CHECK = 12;

/** Looks every minute whether the store is still set up as it was found at the start. */
export function watchStore(store: Pick<Store, 'warnings' | 'check'>, options: WatchStoreOptions): StoreWatch {
  const { logger, onCheck } = options;
  let problems: readonly string[] = [];
  const told = new Set<StoreRisk>();
  const note = (found: readonly string[], warnings: readonly StoreWarning[]): void => {
    for (const { risk, sentence } of warnings) {
      if (!told.has(risk)) logger.warn({ risk }, sentence);
      told.add(risk);
    }
    if (found.join() !== problems.join()) {
      if (found.length > 0) logger.error({ problems: found }, 'the store is unfit to hold money: calls are refused');
      else logger.warn({}, 'the store is fit to hold money again');
    }
    problems = found;
    onCheck({ fit: found.length === 0, risks: warnings.map(({ risk }) => risk) });
  };
  const check = async (): Promise<void> => {
    try {
      const found = await store.check();
      note(found.problems, found.warnings);
    } catch (error) {
      logger.warn({ err: error }, 'the store could not be looked at');
    }
  };
  // It was fit at the start, or the process would not have started.
  note([], store.warnings);
  let ticks = 0;
  const stop = options.every(TICK_MS, () => {
    ticks += 1;
    if (problems.length > 0 || ticks % TICKS_PER_CHECK === 0) void check();
  });
  return { isFit: () => problems.length === 0, check, stop };
}
