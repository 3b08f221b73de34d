import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';
import type { Column } from './format-table.ts';

const COLUMNS: readonly Column[] = [
  ['started_at', 'STARTED'],
  ['model', 'MODEL'],
  ['key_id', 'KEY'],
  ['held_usd', 'HELD USD'],
  ['input_tokens', 'INPUT'],
  ['output_tokens', 'OUTPUT SO FAR'],
  ['hold_id', 'HOLD'],
];

export function addCallsCommand(program: Command, output: CliOutput): void {
  program
    .command('calls')
    .description('the calls in flight: what each holds and how far its answer has come')
    .argument('<account>', 'id of the account')
    .option('--team <id>', 'of this team')
    .option('--key <id>', 'of this key')
    .action((accountId: string, options: { team?: string; key?: string }, command: Command) =>
      openSession(command, output).showPage(
        {
          method: 'GET',
          path: ['accounts', accountId, 'calls'],
          query: { team_id: options.team, key_id: options.key },
        },
        COLUMNS,
      ),
    );
}
