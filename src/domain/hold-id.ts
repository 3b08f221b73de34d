const TIME_CHARACTERS = 10;
const ID_CHARACTERS = 26;
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** What a letter of a ULID stands for; -1: it is none. */
const VALUES = Int8Array.from({ length: 128 }, (_, code) => CROCKFORD.indexOf(String.fromCharCode(code)));

/**
 * The instant inside a hold id (`hold_` and a ULID), in ms since 1970.
 * Everything the ledger must forget in time hangs on it, so that de-duplication has no hole.
 * @returns undefined when the text is not a hold id.
 */
export function readHoldTimeMs(holdId: string): number | undefined {
  return readIdTimeMs('hold', holdId);
}

/**
 * The instant inside an id of this prefix, in ms since 1970; undefined when the text is none. Asked for at each command
 * to the store, hence letter by letter.
 */
export function readIdTimeMs(prefix: string, id: string): number | undefined {
  const start = prefix.length + 1;
  if (id.length !== start + ID_CHARACTERS || !id.startsWith(prefix) || id[prefix.length] !== '_') return undefined;
  let timeMs = 0;
  for (let at = 0; at < ID_CHARACTERS; at += 1) {
    const value = VALUES[id.charCodeAt(start + at)] ?? -1;
    // The 26 letters carry 128 bits, so the first is at most 7.
    if (value < 0 || (at === 0 && value > 7)) return undefined;
    if (at < TIME_CHARACTERS) timeMs = timeMs * 32 + value;
  }
  return timeMs;
}
