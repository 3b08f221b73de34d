import { type Command, Option } from 'commander';
import { type CliOutput, openSession, type PageRow } from './cli-session.ts';
import { parseWhole } from './option-parsers.ts';
import { addPageOptions, type PageOptions } from './page-options.ts';

const COLUMNS = [
  ['id', 'ID'],
  ['scope.type', 'SCOPE'],
  ['scope.id', 'OF'],
  ['window', 'WINDOW'],
  ['measure', 'MEASURE'],
  ['current_limit', 'LIMIT'],
  ['used', 'USED'],
  ['held', 'HELD'],
  ['room', 'ROOM'],
  ['mode', 'MODE'],
  ['models', 'MODELS'],
  ['resets_at', 'RESETS'],
] as const;

const MEASURES = ['usd', 'tokens', 'requests', 'concurrency'] as const;

interface LimitOptions {
  limitUsd?: string;
  limitTokens?: number;
  limitRequests?: number;
  limitConcurrency?: number;
}
interface CreateOptions extends LimitOptions {
  team?: string;
  member?: string;
  key?: string;
  window: string;
  anchorDay?: number;
  model?: string[];
  mode?: string;
}
interface UpdateOptions extends LimitOptions {
  model?: string[];
  models?: false;
  mode?: string;
  raises?: false;
}
interface RaiseOptions extends LimitOptions {
  from?: string;
  until: string;
}

export function addQuotaCommands(program: Command, output: CliOutput): void {
  const quota = program.command('quota').description('limits in a minute, a month or in all');
  addCreate(quota, output);
  addReads(quota, output);
  addUpdate(quota, output);
  addRaise(quota, output);
  addDelete(quota, output);
}

function addCreate(quota: Command, output: CliOutput): void {
  const command = quota
    .command('create')
    .description('limit the account, or one team, member or key of it')
    .argument('<account>', 'id of the account')
    .addOption(new Option('--team <id>', 'only this team').conflicts(['member', 'key']))
    .addOption(new Option('--member <id>', 'only this member').conflicts('key'))
    .option('--key <id>', 'only this key')
    .requiredOption('--window <window>', 'minute, hour, day, week, month or total')
    .option('--anchor-day <day>', 'billing date on which the month begins, 1 to 31', parseWhole)
    .option('--model <ids...>', 'counts these models or families only')
    .option('--mode <mode>', 'hard, soft or shadow; hard unless stated');
  addLimitOptions(command).action((accountId: string, options: CreateOptions, self: Command) =>
    openSession(self, output).showRecord({
      method: 'POST',
      path: ['accounts', accountId, 'quotas'],
      body: {
        scope: writeScope(options),
        window: options.window,
        anchor_day: options.anchorDay,
        ...writeLimit(options),
        models: options.model,
        mode: options.mode,
      },
    }),
  );
}

function addLimitOptions(command: Command): Command {
  return command
    .option('--limit-usd <amount>', 'dollars, up to nine places; 0 blocks')
    .option('--limit-tokens <count>', 'tokens of all classes', parseWhole)
    .option('--limit-requests <count>', 'calls', parseWhole)
    .option('--limit-concurrency <count>', 'calls open at the same time; with --window total', parseWhole);
}

function writeLimit(options: LimitOptions) {
  return {
    limit_usd: options.limitUsd,
    limit_tokens: options.limitTokens,
    limit_requests: options.limitRequests,
    limit_concurrency: options.limitConcurrency,
  };
}

function writeScope({ team, member, key }: CreateOptions): { type: string; id?: string } {
  if (team !== undefined) return { type: 'team', id: team };
  if (member !== undefined) return { type: 'member', id: member };
  return key === undefined ? { type: 'account' } : { type: 'key', id: key };
}

function addReads(quota: Command, output: CliOutput): void {
  addPageOptions(
    quota.command('list').description('list quotas with their use').argument('<account>', 'id of the account'),
  ).action((accountId: string, options: PageOptions, command: Command) =>
    openSession(command, output).showPage(
      { method: 'GET', path: ['accounts', accountId, 'quotas'], query: { ...options } },
      COLUMNS,
      nameMeasure,
    ),
  );
  quota
    .command('show')
    .description('show a quota, its use and its raises')
    .argument('<account>', 'id of the account')
    .argument('<quota>', 'id of the quota')
    .action((accountId: string, quotaId: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord({ method: 'GET', path: ['accounts', accountId, 'quotas', quotaId] }),
    );
}

/** Fields named after what is measured, brought into columns of one name: `used_usd` becomes `used`. */
function nameMeasure(row: PageRow): PageRow {
  const measure = MEASURES.find((one) => row[`limit_${one}`] !== undefined) ?? '';
  const amounts = ['current_limit', 'used', 'held', 'room'].map((name) => [name, row[`${name}_${measure}`]]);
  return { ...row, measure, ...Object.fromEntries(amounts) };
}

function addUpdate(quota: Command, output: CliOutput): void {
  const command = quota
    .command('update')
    .description('change the limit, mode or models of a quota')
    .argument('<account>', 'id of the account')
    .argument('<quota>', 'id of the quota')
    .option('--model <ids...>', 'counts these models or families only')
    .option('--no-models', 'counts all models')
    .option('--mode <mode>', 'hard, soft or shadow')
    .option('--no-raises', 'ends every raise now');
  addLimitOptions(command).action((accountId: string, quotaId: string, options: UpdateOptions, self: Command) =>
    openSession(self, output).showRecord({
      method: 'PATCH',
      path: ['accounts', accountId, 'quotas', quotaId],
      body: {
        ...writeLimit(options),
        models: options.models === false ? null : options.model,
        mode: options.mode,
        raises: options.raises === false ? null : undefined,
      },
    }),
  );
}

function addRaise(quota: Command, output: CliOutput): void {
  const command = quota
    .command('raise')
    .description('raise the limit of a quota for a while')
    .argument('<account>', 'id of the account')
    .argument('<quota>', 'id of the quota')
    .requiredOption('--until <time>', 'its end (RFC 3339)')
    .option('--from <time>', 'its beginning (RFC 3339); now unless stated');
  addLimitOptions(command).action((accountId: string, quotaId: string, options: RaiseOptions, self: Command) =>
    openSession(self, output).showRecord({
      method: 'POST',
      path: ['accounts', accountId, 'quotas', quotaId, 'raises'],
      body: { ...writeLimit(options), from: options.from, until: options.until },
    }),
  );
}

function addDelete(quota: Command, output: CliOutput): void {
  quota
    .command('delete')
    .description('delete a quota: it limits nothing from now on')
    .argument('<account>', 'id of the account')
    .argument('<quota>', 'id of the quota')
    .action((accountId: string, quotaId: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord(
        { method: 'DELETE', path: ['accounts', accountId, 'quotas', quotaId] },
        `Deleted ${quotaId}.`,
      ),
    );
}
