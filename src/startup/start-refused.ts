/** The process cannot start; each problem is a sentence for the person who set it up. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
  readonly problems: readonly string[];
  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('\n'), options);
    this.problems = problems;
  }
}

/** A fault that a person can mend is a sentence; of one that we did not expect the stack is shown: no sentences. */
export function findStartProblems(error: unknown): readonly string[] | undefined {
  if (error instanceof StartRefused) return error.problems;
  return error instanceof Error && 'code' in error ? [error.message] : undefined;
}

export function describeStartFailure(error: unknown): string {
  const problems = findStartProblems(error);
  if (problems !== undefined) {
    return `Tollgate cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\n`;
  }
  return `Tollgate cannot start: ${error instanceof Error ? error.stack : String(error)}\n`;
}
