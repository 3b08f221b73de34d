/** The readers' words for counts that they had to bend. */
const DOUBTFUL_ANOMALIES: ReadonlySet<string> = new Set([
  'negative_count',
  'absurd_count',
  'fractional_count',
  'not_a_count',
]);

/** Whether what was odd in an answer leaves its figures in doubt. */
export function isDoubtfulUsage(anomalies: readonly string[]): boolean {
  return anomalies.some((anomaly) => DOUBTFUL_ANOMALIES.has(anomaly));
}
