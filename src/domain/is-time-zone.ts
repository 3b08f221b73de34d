/** The longest IANA name has 32 characters. */
const ZONE_PATTERN = /^[A-Za-z][A-Za-z0-9_+/-]{1,63}$/;

/** Whether a text names an IANA time zone. Plain offsets ("+02:00"), which Intl takes too, are refused: they know no summer. */
export function isTimeZone(text: string): boolean {
  if (!ZONE_PATTERN.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return false;
  }
}
