import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';
import { orNull } from './option-parsers.ts';
import { addPageOptions, type PageOptions } from './page-options.ts';

const COLUMNS = [
  ['id', 'ID'],
  ['name', 'NAME'],
  ['email', 'E-MAIL'],
  ['team_id', 'TEAM'],
  ['created_at', 'CREATED'],
] as const;

export function addMemberCommands(program: Command, output: CliOutput): void {
  const member = program.command('member').description('people');
  addWrites(member, output);
  addPageOptions(member.command('list').description('list members').argument('<account>', 'id of the account')).action(
    (accountId: string, options: PageOptions, command: Command) =>
      openSession(command, output).showPage(
        { method: 'GET', path: ['accounts', accountId, 'members'], query: { ...options } },
        COLUMNS,
      ),
  );
  member
    .command('show')
    .description('show a member')
    .argument('<account>', 'id of the account')
    .argument('<member>', 'id of the member')
    .action((accountId: string, memberId: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord({ method: 'GET', path: ['accounts', accountId, 'members', memberId] }),
    );
  member
    .command('delete')
    .description('delete a member that has no keys')
    .argument('<account>', 'id of the account')
    .argument('<member>', 'id of the member')
    .action((accountId: string, memberId: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord(
        { method: 'DELETE', path: ['accounts', accountId, 'members', memberId] },
        `Deleted ${memberId}.`,
      ),
    );
}

function addWrites(member: Command, output: CliOutput): void {
  member
    .command('create')
    .description('create a member')
    .argument('<account>', 'id of the account')
    .argument('<name>', 'name of the person')
    .option('--email <address>', 'e-mail address')
    .option('--team <id>', 'team of the account')
    .action((accountId: string, name: string, options: { email?: string; team?: string }, command: Command) =>
      openSession(command, output).showRecord({
        method: 'POST',
        path: ['accounts', accountId, 'members'],
        body: { name, email: options.email, team_id: options.team },
      }),
    );
  member
    .command('update')
    .description('change a member')
    .argument('<account>', 'id of the account')
    .argument('<member>', 'id of the member')
    .option('--name <name>', 'new name')
    .option('--email <address>', 'new e-mail address')
    .option('--no-email', 'remove the e-mail address')
    .option('--team <id>', 'move to this team')
    .option('--no-team', 'leave the team')
    .action((accountId: string, memberId: string, options: UpdateOptions, command: Command) =>
      openSession(command, output).showRecord({
        method: 'PATCH',
        path: ['accounts', accountId, 'members', memberId],
        body: { name: options.name, email: orNull(options.email), team_id: orNull(options.team) },
      }),
    );
}

interface UpdateOptions {
  name?: string;
  email?: string | false;
  team?: string | false;
}
