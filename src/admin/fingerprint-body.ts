import { createHash } from 'node:crypto';

/** SHA-256, hex, of a JSON value, whatever the order of names in its objects. */
export function fingerprintBody(value: unknown): string {
  return createHash('sha256').update(writeSorted(value)).digest('hex');
}

function writeSorted(value: unknown): string {
  return JSON.stringify(value ?? null, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)))
      : part,
  );
}
