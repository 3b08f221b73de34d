/** The second that was written last, up to its point: what happens at about one time shares it. */
let lastSecond = { number: Number.NaN, text: '' };

/** RFC 3339 in UTC with milliseconds, as `Date` writes it, of whole milliseconds since 1970. */
export function writeIsoTime(atMs: number): string {
  const second = Math.floor(atMs / 1_000);
  if (second !== lastSecond.number) {
    // With its point, of "2026-11-21T12:00:00.000Z" or, before year 0 and after 9999, of a longer form.
    lastSecond = { number: second, text: new Date(second * 1_000).toISOString().slice(0, -4) };
  }
  const rest = Math.trunc(atMs - second * 1_000);
  return `${lastSecond.text}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
}
