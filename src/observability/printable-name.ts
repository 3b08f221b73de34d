const CHARACTERS_AT_MOST = 100;

/** Names are free text: control characters out, so that no name can break a line of the exposition, and cut. */
export function printableName(name: string): string {
  return name
    .replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, ' ')
    .slice(0, CHARACTERS_AT_MOST)
    .toWellFormed();
}
