import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';
import { addPageOptions, type PageOptions } from './page-options.ts';

const COLUMNS = [
  ['id', 'ID'],
  ['name', 'NAME'],
  ['created_at', 'CREATED'],
] as const;

export function addTeamCommands(program: Command, output: CliOutput): void {
  const team = program.command('team').description('groups of members and keys');
  team
    .command('create')
    .description('create a team')
    .argument('<account>', 'id of the account')
    .argument('<name>', 'its name')
    .action((accountId: string, name: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord({
        method: 'POST',
        path: ['accounts', accountId, 'teams'],
        body: { name },
      }),
    );
  addPageOptions(team.command('list').description('list teams').argument('<account>', 'id of the account')).action(
    (accountId: string, options: PageOptions, command: Command) =>
      openSession(command, output).showPage(
        { method: 'GET', path: ['accounts', accountId, 'teams'], query: { ...options } },
        COLUMNS,
      ),
  );
  team
    .command('show')
    .description('show a team')
    .argument('<account>', 'id of the account')
    .argument('<team>', 'id of the team')
    .action((accountId: string, teamId: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord({ method: 'GET', path: ['accounts', accountId, 'teams', teamId] }),
    );
  team
    .command('update')
    .description('rename a team')
    .argument('<account>', 'id of the account')
    .argument('<team>', 'id of the team')
    .requiredOption('--name <name>', 'new name')
    .action((accountId: string, teamId: string, options: { name: string }, command: Command) =>
      openSession(command, output).showRecord({
        method: 'PATCH',
        path: ['accounts', accountId, 'teams', teamId],
        body: { name: options.name },
      }),
    );
  team
    .command('delete')
    .description('delete a team that has neither members nor keys')
    .argument('<account>', 'id of the account')
    .argument('<team>', 'id of the team')
    .action((accountId: string, teamId: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord(
        { method: 'DELETE', path: ['accounts', accountId, 'teams', teamId] },
        `Deleted ${teamId}.`,
      ),
    );
}
