import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';
import { orNull, parseWhole } from './option-parsers.ts';
import { addPageOptions, type PageOptions } from './page-options.ts';

const COLUMNS = [
  ['id', 'ID'],
  ['name', 'NAME'],
  ['role', 'ROLE'],
  ['scope.type', 'SCOPE'],
  ['scope.account_id', 'ACCOUNT'],
  ['scope.team_id', 'TEAM'],
  ['status', 'STATUS'],
  ['hint', 'SECRET'],
  ['expires_at', 'EXPIRES'],
] as const;

interface TermOptions {
  expiresAt?: string | false;
  validDays?: number;
}

export function addTokenCommands(program: Command, output: CliOutput): void {
  const token = program.command('token').description('credentials for the admin API, each with a role and a scope');
  addCreate(token, output);
  addReads(token, output);
  withTerm(token.command('rotate').description('give a token a new secret, shown this once'))
    .argument('<token>', 'id of the token')
    .option('--grace-seconds <seconds>', 'how long the old secret works on; 0 unless stated', parseWhole)
    .action((tokenId: string, options: TermOptions & { graceSeconds?: number }, command: Command) =>
      openSession(command, output).showRecord({
        method: 'POST',
        path: ['tokens', tokenId, 'rotate'],
        body: { grace_seconds: options.graceSeconds, ...writeTerm(options) },
      }),
    );
  token
    .command('revoke')
    .description('end a token at once and for good')
    .argument('<token>', 'id of the token')
    .action((tokenId: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord({ method: 'POST', path: ['tokens', tokenId, 'revoke'] }),
    );
}

/** `tollgate whoami`. */
export function addWhoamiCommand(program: Command, output: CliOutput): void {
  program
    .command('whoami')
    .description('whose token this is, and what it may do')
    .action((_options: unknown, command: Command) =>
      openSession(command, output).showRecord({ method: 'GET', path: ['whoami'] }),
    );
}

function addCreate(token: Command, output: CliOutput): void {
  withTerm(token.command('create').description('create a token; its secret is shown this once'))
    .argument('<name>', 'its name')
    .requiredOption('--role <role>', 'owner, billing, admin or viewer')
    .option('--account <id>', 'for this account only; for the whole installation unless stated')
    .option('--team <id>', 'for this team of the account only')
    .action(
      (name: string, options: TermOptions & { role: string; account?: string; team?: string }, command: Command) =>
        openSession(command, output).showRecord({
          method: 'POST',
          path: ['tokens'],
          body: { name, role: options.role, scope: writeScope(options), ...writeTerm(options) },
        }),
    );
}

/** A team of a token's own account needs no account; the API says where one is missing. */
function writeScope({ account, team }: { account?: string; team?: string }) {
  const type = team !== undefined ? 'team' : account !== undefined ? 'account' : 'installation';
  return { type, account_id: account, team_id: team };
}

function withTerm(command: Command): Command {
  return command
    .option('--expires-at <time>', 'works until (RFC 3339)')
    .option('--no-expires-at', 'works until it is revoked')
    .option('--valid-days <days>', 'works for so many days', parseWhole);
}

function writeTerm({ expiresAt, validDays }: TermOptions): { [field: string]: unknown } {
  return { expires_at: orNull(expiresAt), valid_days: validDays };
}

function addReads(token: Command, output: CliOutput): void {
  addPageOptions(token.command('list').description('list tokens, never with their secrets'))
    .option('--account <id>', 'of this account and its teams only')
    .action(({ account, ...page }: PageOptions & { account?: string }, command: Command) =>
      openSession(command, output).showPage(
        { method: 'GET', path: ['tokens'], query: { ...page, account_id: account } },
        COLUMNS,
      ),
    );
  token
    .command('show')
    .description('show a token, without its secret')
    .argument('<token>', 'id of the token')
    .action((tokenId: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord({ method: 'GET', path: ['tokens', tokenId] }),
    );
}
