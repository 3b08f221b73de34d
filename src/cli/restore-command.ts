import type { Command } from 'commander';
import type { CliOutput } from './cli-session.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';
import { toTerminalText } from './terminal-text.ts';

/** What the command asks for. */
export interface RestoreRequest {
  /** Folder of the export. */
  from: string;
  dryRun: boolean;
  takeLater: boolean;
}

/** What became of one account. Sequences; 0: the store had none of it. */
export interface RestoredLine {
  accountId: string;
  result: 'restored' | 'restorable' | 'current' | 'refused';
  presentSequence: number;
  sequence: number;
  /** Entries that the export has of a history that the store went on without. */
  abandoned?: { fromSequence: number; throughSequence: number };
  /** Of a refusal. */
  reason?: string;
  isInDirectory: boolean;
}

/** Restores the accounts of an export, one after the other. Throws an error with a `code` where it cannot begin. */
export type Restore = (request: RestoreRequest) => AsyncIterable<RestoredLine>;

export function addRestoreCommand(program: Command, output: CliOutput, restore: Restore): void {
  program
    .command('restore')
    .description('put the accounts of a journal export back into the store, while no Tollgate serves it')
    .requiredOption('--from <folder>', 'the folder that EXPORT_DIR named')
    .option('--dry-run', 'look and compare only; change nothing')
    .option('--take-later', 'where the export has two histories of an account, take the later one')
    .action(async (options: { from: string; dryRun?: true; takeLater?: true }, command: Command) => {
      const isJson = command.optsWithGlobals<{ json?: boolean }>().json === true;
      const { from, dryRun = false, takeLater = false } = options;
      let [count, refused] = [0, 0];
      for await (const line of withReasons(restore({ from, dryRun, takeLater }))) {
        output.out(isJson ? JSON.stringify(presentLine(line)) : describe(line));
        count += 1;
        if (line.result === 'refused') refused += 1;
      }
      if (!isJson && count === 0) output.out('The export has no account.');
      if (refused > 0)
        throw new CliFailure(`${refused} of ${count} accounts were refused and left as they were`, EXIT_CODES.refused);
    });
}

/** What has a code is for a person to mend and told in a sentence; anything else is a bug and shows where. */
async function* withReasons(lines: AsyncIterable<RestoredLine>): AsyncGenerator<RestoredLine> {
  try {
    yield* lines;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new CliFailure(error.message, EXIT_CODES.refused, { cause: error });
  }
}

function presentLine(line: RestoredLine) {
  return {
    account_id: line.accountId,
    result: line.result,
    present_sequence: line.presentSequence,
    sequence: line.sequence,
    reason: line.reason ?? null,
    abandoned:
      line.abandoned === undefined
        ? null
        : { from_sequence: line.abandoned.fromSequence, through_sequence: line.abandoned.throughSequence },
    in_directory: line.isInDirectory,
  };
}

function describe(line: RestoredLine): string {
  const { accountId, result, presentSequence, sequence, reason, isInDirectory } = line;
  const had = presentSequence === 0 ? 'the store had nothing of it' : `the store ended at entry ${presentSequence}`;
  const said = {
    restored: `restored up to entry ${sequence}; ${had}`,
    restorable: `would be restored up to entry ${sequence}; ${had}`,
    current: `has all ${sequence} entries of the export${line.abandoned === undefined ? '' : '’s later history'}`,
    refused: `REFUSED at entry ${sequence}: ${toTerminalText(reason ?? '')}`,
  }[result];
  const unknown = isInDirectory ? '' : '; the directory does not know this account';
  return `${toTerminalText(accountId)}: ${said}${unknown}${warnOf(line)}`;
}

/** Somebody's money may be in what was given up: it is told even where nothing is left to do. */
function warnOf({ abandoned }: RestoredLine): string {
  if (abandoned === undefined) return '';
  const { fromSequence, throughSequence } = abandoned;
  const which =
    fromSequence === throughSequence ? `entry ${fromSequence}` : `entries ${fromSequence} to ${throughSequence}`;
  return `\n  WARNING: two histories: the export also has ${which} of another history, that the store went on without`;
}
