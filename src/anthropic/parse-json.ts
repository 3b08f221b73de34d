/** The value of a JSON text; undefined where it is none. Only for texts whose size and nesting are bounded. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // JSON.parse has no other way of saying that a text is not JSON.
    return undefined;
  }
}
