/** RFC 3339 in UTC with milliseconds. */
export function writeTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

export function writeOptionalTime(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : writeTime(timeMs);
}
