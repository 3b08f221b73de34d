/** What a script can tell apart. */
export const EXIT_CODES = {
  ok: 0,
  /** The admin API refused or failed; or what was checked has problems. */
  refused: 1,
  /** The command line or the settings are wrong; nothing was sent. */
  usage: 2,
  /** No answer from the admin API: for a write it is not known whether it took effect. */
  unreachable: 3,
  /** `apply --dry-run --detailed-exitcode` found something to change. */
  changes: 4,
} as const;

/** Ends a command: `message`, unless it is empty, goes to the error output, `exitCode` to the shell. */
export class CliFailure extends Error {
  readonly code = 'CLI_FAILURE';
  override readonly name = 'CliFailure';
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The admin API answered, and did not do it. */
export class AdminRefusal extends CliFailure {
  /** What it answered a first call under the same idempotency key: nothing was done this time. */
  readonly isReplayed: boolean;
  readonly status: number;

  constructor(message: string, answer: { status: number; isReplayed: boolean }) {
    super(message, EXIT_CODES.refused);
    this.status = answer.status;
    this.isReplayed = answer.isReplayed;
  }
}
