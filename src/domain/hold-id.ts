const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const HOLD_ID = /^hold_([0-7][0-9A-HJKMNP-TV-Z]{9})[0-9A-HJKMNP-TV-Z]{16}$/;

/**
 * The instant inside a hold id (`hold_` and a ULID), in ms since 1970.
 * Everything the ledger must forget in time hangs on it, so that de-duplication has no hole.
 * @returns undefined when the text is not a hold id.
 */
export function readHoldTimeMs(holdId: string): number | undefined {
  const time = HOLD_ID.exec(holdId)?.[1];
  if (time === undefined) return undefined;
  let timeMs = 0;
  for (const letter of time) timeMs = timeMs * 32 + CROCKFORD.indexOf(letter);
  return timeMs;
}
