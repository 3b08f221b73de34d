/** A failure the user can do something about: told as one sentence, without a stack. */
export class Refusal extends Error {
  name = 'Refusal';
}

/** One plain line of progress. On stderr, so that what the program itself prints can be piped. */
export function say(line) {
  process.stderr.write(`tollgate: ${line}\n`);
}

/** Says what begins and, when it is over, how long it took. */
export async function step(what, work) {
  say(`${what} ...`);
  const start = Date.now();
  const result = await work();
  say(`${what}: done in ${((Date.now() - start) / 1000).toFixed(1)} s`);
  return result;
}
