import type { SeededRandom } from './seeded-random.ts';

const SENTENCES = [
  'This answer comes from the simulated Claude API, so its words carry no meaning of their own.',
  'Every token of it is counted and billed as a real one would be.',
  'The prompt was read, its length was estimated, and the cache was asked whether it had seen it before.',
  'A tollgate stands on the road and takes note of each wagon that passes.',
  'Small amounts add up, which is why nobody rounds them before the end.',
  'When the stream ends, both sides should have arrived at the same sum.',
  'Rain fell on the river, and the ferryman wrote one more line into his book.',
  'Nothing here is stored, and the same request brings the same answer again.',
];

/** Text of about four characters a token, exactly `characters` long. */
export function writeFillerText(characters: number, random: SeededRandom): string {
  let text = '';
  while (text.length < characters) text += `${SENTENCES[random.integer(SENTENCES.length)]} `;
  return text.slice(0, characters);
}

/** Cuts text into at most `pieces` pieces of about the same length, never inside a surrogate pair. */
export function splitText(text: string, pieces: number): string[] {
  const length = Math.max(1, Math.ceil(text.length / Math.max(1, pieces)));
  const result: string[] = [];
  for (let start = 0; start < text.length; ) {
    let end = Math.min(text.length, start + length);
    const last = text.charCodeAt(end - 1);
    if (last >= 0xd800 && last <= 0xdbff && end < text.length) end += 1;
    result.push(text.slice(start, end));
    start = end;
  }
  return result;
}
