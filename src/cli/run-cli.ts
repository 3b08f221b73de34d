import { CommanderError } from 'commander';
import { createProgram, type ProgramParts } from './create-program.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';

/**
 * Runs one command line (without the program's own name) and answers the exit code.
 * What is no failure of a command, a bug, is thrown on.
 */
export async function runCli(args: readonly string[], parts: ProgramParts): Promise<number> {
  try {
    await createProgram(parts).parseAsync([...args], { from: 'user' });
    return EXIT_CODES.ok;
  } catch (error) {
    if (error instanceof CliFailure) {
      if (error.message !== '') parts.output.error(`tollgate: ${error.message}`);
      return error.exitCode;
    }
    // Commander has said what is wrong by then; asking for help is not wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
    throw error;
  }
}
