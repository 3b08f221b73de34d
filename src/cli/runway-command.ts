import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';

export function addRunwayCommand(program: Command, output: CliOutput): void {
  program
    .command('runway')
    .description('when the credit of an account ends at the burn of the last days, and what will expire unused')
    .argument('<account>', 'id of the account')
    .action((accountId: string, _options: object, command: Command) =>
      openSession(command, output).showRecord({ method: 'GET', path: ['accounts', accountId, 'runway'] }),
    );
}
