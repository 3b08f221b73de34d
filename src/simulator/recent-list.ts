/** The latest entries, bounded in number and in bytes. */
export interface RecentList<Entry> {
  readonly entries: Entry[];
  push(entry: Entry): void;
  /** Takes the oldest entry out that fits. */
  take(fits: (entry: Entry) => boolean): Entry | undefined;
}

/** Twice the largest request, so that the latest one always stays. */
const MAXIMUM_BYTES = 64 * 1024 * 1024;

/** @param sizeOf bytes that an entry keeps alive. */
export function createRecentList<Entry>(maximum: number, sizeOf: (entry: Entry) => number): RecentList<Entry> {
  const entries: Entry[] = [];
  let bytes = 0;
  return {
    entries,
    push(entry) {
      entries.push(entry);
      bytes += sizeOf(entry);
      while (entries.length > maximum || bytes > MAXIMUM_BYTES) {
        const dropped = entries.shift();
        if (dropped === undefined) return;
        bytes -= sizeOf(dropped);
      }
    },
    take(fits) {
      const index = entries.findIndex(fits);
      const [entry] = index < 0 ? [] : entries.splice(index, 1);
      if (entry !== undefined) bytes -= sizeOf(entry);
      return entry;
    },
  };
}
