/** How long an idempotency key is remembered: two days, so that a retry over a night or a weekend's failed job is safe. */
export const IDEMPOTENCY_LIFE_MS = 48 * 3_600_000;
