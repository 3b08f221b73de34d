/** Rounds of a fuzzed test: a few seconds unless `FUZZ_ROUNDS` asks for more. */
export const FUZZ_ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 2_000);
/** The seed of a run is in the name of the test, so that a failure can be had again: `FUZZ_SEED`. */
export const FUZZ_SEED = Number(process.env.FUZZ_SEED ?? 20_261_130);

/** Numbers that look random and are the same for the same seed. */
export interface RandomNumbers {
  /** From 0 to below `bound`. */
  below(bound: number): number;
  pick<T>(values: readonly T[]): T;
}

/** Mulberry32, by Tommy Ettinger (public domain): small, and good enough to choose where to hit. */
export function createRandomNumbers(seed: number): RandomNumbers {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return { below, pick: <T>(values: readonly T[]) => values[below(values.length)] as T };
}

/** What parsers stumble over, besides any byte. */
const PIECES = [
  '"',
  '\\',
  '\\"',
  '\\u0000',
  '\\ud800',
  '\\u0022',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '-',
  '-0',
  '1e999',
  '1E-9',
  '01',
  '.5',
  '0.',
  'true',
  'fals',
  'null',
  'NaN',
  '\0',
  '\t',
  '\n',
  '\r',
  '\r\n',
  '\n\n',
  '\r\r',
  ' ',
  '\u2028',
  '\ufeff',
  '\u00e9',
  '\xff',
  '\xc0\xaf',
  '\xed\xa0\x80',
  '\xf4\x90\x80\x80',
  '__proto__',
  'data:',
  'event:',
  'id:',
  'retry:',
  ': ',
  '"model":',
  '"usage":',
  '"input_tokens":9007199254740993',
  '"type":"message_stop"',
  '{"type":"error"}',
  '[[[[[[[[',
].map((text) => Buffer.from(text, 'latin1'));

/** Bytes near those of a corpus: cut, doubled, joined, with some replaced, left out or put in. */
export function mutateBytes(random: RandomNumbers, corpus: readonly Buffer[]): Buffer {
  let bytes = random.pick(corpus);
  for (let change = random.below(6); change >= 0; change -= 1) {
    const at = random.below(bytes.length + 1);
    const to = Math.min(bytes.length, at + random.below(64));
    const piece = random.pick([
      random.pick(PIECES),
      Buffer.from([random.below(256)]),
      bytes.subarray(at, to),
      cutOf(random, random.pick(corpus)),
      Buffer.alloc(0),
    ]);
    const rest = random.pick([at, at, to, Math.min(bytes.length, at + 1)]);
    bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(rest)]);
  }
  return bytes;
}

/** The same bytes in pieces, some of them empty. */
export function splitBytes(random: RandomNumbers, bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  const most = random.pick([1, 2, 7, 64, 4_096]);
  for (let at = 0; at < bytes.length; ) {
    const size = random.below(most + 1);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

function cutOf(random: RandomNumbers, bytes: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  return bytes.subarray(at, at + random.below(200));
}
