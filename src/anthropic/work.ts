/**
 * Work on as many bytes as a client cares to send: it pauses every few milliseconds, so that whoever has it done can
 * let others have a turn.
 */
export type Work<Result> = Generator<undefined, Result, undefined>;

/** Does it all at once: for what is known to be small. */
export function finishWork<Result>(work: Work<Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
