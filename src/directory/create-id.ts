import { createHash, randomFillSync } from 'node:crypto';
import { encodeTime } from 'ulid';

/** What an id names; the prefix makes ids readable and keeps one kind from being taken for another. */
export type IdPrefix =
  | 'acct'
  | 'team'
  | 'mem'
  | 'key'
  | 'grant'
  | 'hold'
  | 'refund'
  | 'correction'
  | 'quota'
  | 'raise'
  | 'req'
  | 'batch'
  | 'token'
  | 'alert'
  | 'channel'
  | 'delivery';

/** Crockford's base 32, as ULID uses it. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 16;

/** A fresh id: prefix and a ULID of `nowMs` and 80 random bits. */
export function createId(prefix: IdPrefix, nowMs: number): string {
  return `${prefix}_${writeTime(nowMs)}${writeRandom()}`;
}

/** Asked of the system for many ids at once: a request needs several, and each question costs as much as a hundred. */
const random = Buffer.alloc(256 * RANDOM_CHARACTERS);
let randomUsed = random.length;

/** The letters of one id, used again for each. */
const letters = new Array<number>(RANDOM_CHARACTERS).fill(0);

function writeRandom(): string {
  if (randomUsed === random.length) {
    randomFillSync(random);
    randomUsed = 0;
  }
  for (let at = 0; at < RANDOM_CHARACTERS; at += 1) letters[at] = letterCode(random[randomUsed + at] as number);
  randomUsed += RANDOM_CHARACTERS;
  return String.fromCharCode(...letters);
}

/** The last instant and its text: the ids of one request, and of all in a millisecond, share it. */
let lastTime = { ms: -1, text: '' };

function writeTime(nowMs: number): string {
  if (lastTime.ms !== nowMs) lastTime = { ms: nowMs, text: encodeTime(nowMs, TIME_CHARACTERS) };
  return lastTime.text;
}

/** Below every id made at or after an instant, and above every one made before it. */
export function idsBefore(prefix: IdPrefix, atMs: number): string {
  return `${prefix}_${encodeTime(atMs, TIME_CHARACTERS)}`;
}

/**
 * The id that this idempotency key always gives in this scope, in the form of the others: a write done again after a
 * crash makes the same record. Its time part is part of the hash and no time.
 */
export function deriveId(prefix: IdPrefix, scope: string, idempotencyKey: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([prefix, scope, idempotencyKey]))
    .digest();
  const text = writeBase32(hash.subarray(0, TIME_CHARACTERS + RANDOM_CHARACTERS));
  // A ULID's first character is at most 7, since its 26 characters carry 128 bits.
  return `${prefix}_${ALPHABET[(hash[0] ?? 0) & 7]}${text.slice(1)}`;
}

function writeBase32(bytes: Uint8Array): string {
  return String.fromCharCode(...Array.from(bytes, letterCode));
}

/** One letter per byte, from its low five bits: uniform because 32 divides 256. */
function letterCode(byte: number): number {
  return ALPHABET.charCodeAt(byte & 31);
}
