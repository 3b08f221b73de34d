const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** The value of each letter by its code; undefined for what is none. */
const VALUES: readonly (number | undefined)[] = Array.from({ length: 128 }, (_, code) => {
  const value = CROCKFORD.indexOf(String.fromCharCode(code));
  return value === -1 ? undefined : value;
});
/** Letters of a ULID (https://github.com/ulid/spec), and those of them that are its instant. */
const LETTERS = 26;
const TIME_LETTERS = 10;
/** 48 bits are the instant, so that the first of its letters has three. */
const FIRST_AT_MOST = 7;

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
  const start = prefix.length + 1;
  if (id.length !== start + LETTERS || !id.startsWith(prefix) || id[start - 1] !== '_') return undefined;
  let timeMs = 0;
  // Letter by letter: each command about a hold asks, and a pattern costs several times as much.
  for (let at = 0; at < LETTERS; at += 1) {
    const value = VALUES[id.charCodeAt(start + at)];
    if (value === undefined || (at === 0 && value > FIRST_AT_MOST)) return undefined;
    if (at < TIME_LETTERS) timeMs = timeMs * 32 + value;
  }
  return timeMs;
}
