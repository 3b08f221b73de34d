/**
 * Holds the mutants that nobody noticed against the list of explanations.
 * @param files the sources that were mutated: explanations of others are not judged.
 * @param isSample only some mutants were made, so that an explanation without its mutant proves nothing.
 * @returns `unexplained`, those without a reason; `stale`, reasons whose mutant is noticed by now or cannot be made.
 */
export function judgeSurvivors({ explained, survivors, files, isSample }) {
  const reasons = explained.flatMap(({ mutants }) => mutants);
  const known = new Set(reasons.map(nameOf));
  const left = new Set(survivors.map(nameOf));
  return {
    unexplained: survivors.filter((mutant) => !known.has(nameOf(mutant))),
    stale: isSample ? [] : reasons.filter((mutant) => files.includes(mutant.file) && !left.has(nameOf(mutant))),
  };
}

/** The mutants in what a run printed. */
export function readMutants(text) {
  const lines = text.split('\n').filter((line) => /noticed[^{]*: \{/.test(line));
  return new Set(lines.map((line) => nameOf(JSON.parse(line.slice(line.indexOf('{'))))));
}

export function nameOf({ file, after = '', from, to }) {
  return [file, after, from, to].join('\n');
}
