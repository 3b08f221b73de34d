import type { Work } from '../anthropic/work.ts';

/** Whose work is paused, first come first served. The event loop is one for the whole process, and so is the line. */
const waiting: (() => void)[] = [];

/**
 * Does work on a request's bytes a slice at a time; after each, everything else that the event loop has to do comes
 * first. Of all requests with so much to read one has its slice per turn of the loop, so that many of them together
 * hold nobody up for longer than one.
 * @returns the result itself where the work is small and was done at once.
 */
export function doInTurns<Result>(work: Work<Result>): Result | Promise<Result> {
  const step = work.next();
  return step.done === true ? step.value : goOnInTurns(work);
}

async function goOnInTurns<Result>(work: Work<Result>): Promise<Result> {
  for (;;) {
    await nextTurn();
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(giveTurn);
  });
}

function giveTurn(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(giveTurn);
}
