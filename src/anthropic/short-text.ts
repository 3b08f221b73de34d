/** Longest text that is read in this way. */
const SHORT_TEXT_BYTES = 40;
/** A power of two. */
const TEXTS_KEPT = 512;

/** The latest text of each hash. */
const texts = new Array<string>(TEXTS_KEPT).fill('');

/**
 * A short text of printable ASCII; undefined for any other. Models, types and reasons are the same few again and again:
 * those that were read lately are found by their bytes, so that no call makes them anew, nor their hash.
 */
export function readShortText(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start > SHORT_TEXT_BYTES) return undefined;
  let hash = end - start;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte < 0x20 || byte >= 0x80) return undefined;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  const place = (hash ^ (hash >>> 16)) & (TEXTS_KEPT - 1);
  const known = texts[place] as string;
  if (isAt(bytes, start, end, known)) return known;
  const text = String.fromCharCode(...bytes.subarray(start, end));
  texts[place] = text;
  return text;
}

function isAt(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (text.length !== end - start) return false;
  for (let at = 0; at < text.length; at += 1) if (bytes[start + at] !== text.charCodeAt(at)) return false;
  return true;
}
