/** A JSON text in which integers of any size are decimal strings. */
export function writeExactJson(value: unknown): string {
  try {
    // Without a function to ask for each value it is several times as fast, and most texts have no such integer.
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
  }
}
