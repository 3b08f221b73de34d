/** So wide that nothing is refused: what is measured is the way, not the guard. By the names of settings. */
export const WIDE_LIMITS = {
  LIMIT_UPSTREAM_CONNECTIONS: '8192',
  LIMIT_MAX_CONNECTIONS: '16384',
  LIMIT_CALLS_PER_ACCOUNT: '16384',
  LIMIT_CALLS_PER_KEY: '16384',
  LIMIT_BODY_MEMORY_BYTES: `${64 * 1024 ** 3}`,
  LIMIT_LOOP_DELAY_MS: '600000',
} as const;
