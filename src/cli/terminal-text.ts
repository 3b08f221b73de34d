/** What moves a cursor, colours a screen or turns a line around. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A text of the server as it may be shown on a terminal: on one line, and without power over it. */
export function toTerminalText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  const text = Array.isArray(value)
    ? value.join(', ') || '-'
    : typeof value === 'object'
      ? JSON.stringify(value)
      : `${value}`;
  return text.replace(UNSAFE, '\u{fffd}');
}
