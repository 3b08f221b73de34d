const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const DATED_ID = /^([a-z]{2,8})_([0-7][0-9A-HJKMNP-TV-Z]{9})[0-9A-HJKMNP-TV-Z]{16}$/;

/**
 * The instant inside a hold id (`hold_` and a ULID), in ms since 1970.
 * Everything the ledger must forget in time hangs on it, so that de-duplication has no hole.
 * @returns undefined when the text is not a hold id.
 */
export function readHoldTimeMs(holdId: string): number | undefined {
  return readIdTimeMs('hold', holdId);
}

/** The instant inside an id of this prefix, in ms since 1970; undefined when the text is none. */
export function readIdTimeMs(prefix: string, id: string): number | undefined {
  const [, found, time] = DATED_ID.exec(id) ?? [];
  if (found !== prefix || time === undefined) return undefined;
  let timeMs = 0;
  for (const letter of time) timeMs = timeMs * 32 + CROCKFORD.indexOf(letter);
  return timeMs;
}
