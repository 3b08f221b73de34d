/** What a script can tell apart. */
export const EXIT_CODES = {
  ok: 0,
  /** The admin API refused or failed; or what was checked has problems. */
  refused: 1,
  /** The command line or the settings are wrong; nothing was sent. */
  usage: 2,
  /** No answer from the admin API: for a write it is not known whether it took effect. */
  unreachable: 3,
} as const;

/** Ends a command: `message` goes to the error output, `exitCode` to the shell. */
export class CliFailure extends Error {
  readonly code = 'CLI_FAILURE';
  override readonly name = 'CliFailure';
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
