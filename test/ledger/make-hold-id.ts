const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A hold id of an instant: `hold_` and a ULID whose random part is the number. */
export function makeHoldId(timeMs: number, number: number): string {
  return `hold_${encode(timeMs, 10)}${encode(number, 16)}`;
}

function encode(value: number, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) text = `${CROCKFORD[rest % 32]}${text}`;
  return text;
}
