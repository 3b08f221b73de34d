export interface UntilOptions {
  /** Milliseconds after which the wait is a failure. */
  timeoutMs?: number;
  /** Milliseconds between two looks at the condition. */
  intervalMs?: number;
  /** Said in the failure: what was waited for. */
  what?: string;
}

/**
 * Waits until `condition` answers something truthy and resolves with it: the only waiting allowed in tests.
 * A condition that throws counts as not yet met; its last error is the cause of the failure at the bound.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Exclude<Awaited<T>, undefined | null | false | 0 | ''>> {
  const { timeoutMs = 10_000, intervalMs = 10, what = condition.toString() } = options;
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      const value = await condition();
      if (value) return value as Exclude<Awaited<T>, undefined | null | false | 0 | ''>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  } while (performance.now() < deadline);
  throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause });
}
