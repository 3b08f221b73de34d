/** Somewhere that texts are written to. */
export interface LineOutput {
  write(text: string): unknown;
}

/** Characters after which lines are written without waiting for the end of the turn. */
const CHARACTERS_AT_MOST = 64 * 1_024;

/**
 * Joins the lines of one turn of the event loop into one write. To a pipe or a file Node writes while everything else
 * waits, so a write for each line is dear under load.
 * @returns what takes a line, and what writes at once all that was taken.
 */
export function joinLines(output: LineOutput): { write(line: string): void; flush(): void } {
  let lines = '';
  let isScheduled = false;
  const flush = (): void => {
    const text = lines;
    lines = '';
    if (text !== '') output.write(text);
  };
  const flushLater = (): void => {
    isScheduled = false;
    flush();
  };
  return {
    flush,
    write(line) {
      lines += line;
      if (lines.length >= CHARACTERS_AT_MOST) flush();
      else if (!isScheduled) {
        isScheduled = true;
        setImmediate(flushLater);
      }
    },
  };
}
