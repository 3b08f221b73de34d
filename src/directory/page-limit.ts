/** The most records one page of a list may have. */
const PAGE_LIMIT_MAX = 1_000;

/** A page's size, brought into 1 to 1,000. */
export function clampLimit(limit: number): number {
  return Math.min(Math.max(Math.trunc(limit) || 1, 1), PAGE_LIMIT_MAX);
}
