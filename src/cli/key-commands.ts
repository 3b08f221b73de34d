import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';
import { orNull, parseWhole } from './option-parsers.ts';
import { addPageOptions, type PageOptions } from './page-options.ts';

const COLUMNS = [
  ['id', 'ID'],
  ['name', 'NAME'],
  ['status', 'STATUS'],
  ['hint', 'SECRET'],
  ['team_id', 'TEAM'],
  ['member_id', 'MEMBER'],
  ['expires_at', 'EXPIRES'],
  ['allowed_models', 'MODELS'],
] as const;

interface KeyOptions {
  name?: string;
  team?: string | false;
  member?: string | false;
  expiresAt?: string | false;
  model?: string[] | false;
}

export function addKeyCommands(program: Command, output: CliOutput): void {
  const key = program.command('key').description('credentials for the Claude API behind the proxy');
  addCreate(key, output);
  addReads(key, output);
  addUpdate(key, output);
  key
    .command('rotate')
    .description('give a key a new secret, shown this once')
    .argument('<account>', 'id of the account')
    .argument('<key>', 'id of the key')
    .option('--grace-seconds <seconds>', 'how long the old secret works on; 0 unless stated', parseWhole)
    .action((accountId: string, keyId: string, options: { graceSeconds?: number }, command: Command) =>
      openSession(command, output).showRecord({
        method: 'POST',
        path: ['accounts', accountId, 'keys', keyId, 'rotate'],
        body: { grace_seconds: options.graceSeconds },
      }),
    );
  key
    .command('revoke')
    .description('end a key at once and for good')
    .argument('<account>', 'id of the account')
    .argument('<key>', 'id of the key')
    .action((accountId: string, keyId: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord({
        method: 'POST',
        path: ['accounts', accountId, 'keys', keyId, 'revoke'],
      }),
    );
}

function addCreate(key: Command, output: CliOutput): void {
  key
    .command('create')
    .description('create a key; its secret is shown this once')
    .argument('<account>', 'id of the account')
    .argument('<name>', 'its name')
    .option('--team <id>', 'team of the account')
    .option('--member <id>', 'member of the account')
    .option('--expires-at <time>', 'works until (RFC 3339)')
    .option('--model <ids...>', 'may call these models only')
    .action((accountId: string, name: string, options: KeyOptions, command: Command) =>
      openSession(command, output).showRecord({
        method: 'POST',
        path: ['accounts', accountId, 'keys'],
        body: { ...writeKey(options), name },
      }),
    );
}

function addReads(key: Command, output: CliOutput): void {
  addPageOptions(
    key.command('list').description('list keys, never with their secrets').argument('<account>', 'id of the account'),
  ).action((accountId: string, options: PageOptions, command: Command) =>
    openSession(command, output).showPage(
      { method: 'GET', path: ['accounts', accountId, 'keys'], query: { ...options } },
      COLUMNS,
    ),
  );
  key
    .command('show')
    .description('show a key, without its secret')
    .argument('<account>', 'id of the account')
    .argument('<key>', 'id of the key')
    .action((accountId: string, keyId: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord({ method: 'GET', path: ['accounts', accountId, 'keys', keyId] }),
    );
}

function addUpdate(key: Command, output: CliOutput): void {
  key
    .command('update')
    .description('change a key')
    .argument('<account>', 'id of the account')
    .argument('<key>', 'id of the key')
    .option('--name <name>', 'new name')
    .option('--team <id>', 'move to this team')
    .option('--no-team', 'leave the team')
    .option('--member <id>', 'hand to this member')
    .option('--no-member', 'belong to no member')
    .option('--expires-at <time>', 'works until (RFC 3339)')
    .option('--no-expires-at', 'works until it is revoked')
    .option('--model <ids...>', 'may call these models only')
    .option('--no-model', 'may call every priced model')
    .action((accountId: string, keyId: string, options: KeyOptions, command: Command) =>
      openSession(command, output).showRecord({
        method: 'PATCH',
        path: ['accounts', accountId, 'keys', keyId],
        body: writeKey(options),
      }),
    );
}

function writeKey(options: KeyOptions): { [field: string]: unknown } {
  return {
    name: options.name,
    team_id: orNull(options.team),
    member_id: orNull(options.member),
    expires_at: orNull(options.expiresAt),
    allowed_models: orNull(options.model),
  };
}
