import { type Command, Option } from 'commander';
import { addAlertChannelCommands } from './alert-channel-commands.ts';
import { type CliOutput, openSession, type PageRow } from './cli-session.ts';
import { orNull, parseDecimal, parseWhole } from './option-parsers.ts';
import { addPageOptions, type PageOptions } from './page-options.ts';

const COLUMNS = [
  ['id', 'ID'],
  ['kind', 'KIND'],
  ['name', 'NAME'],
  ['terms', 'AT'],
  ['channels', 'CHANNELS'],
  ['enabled', 'ON'],
  ['firing', 'FIRING'],
  ['fired_at', 'SINCE'],
] as const;
const DELIVERY_COLUMNS = [
  ['id', 'ID'],
  ['started_at', 'AT'],
  ['type', 'TYPE'],
  ['account_id', 'ACCOUNT'],
  ['channel_id', 'CHANNEL'],
  ['attempt', 'ATTEMPT'],
  ['result', 'RESULT'],
  ['problem', 'PROBLEM'],
] as const;
const TERMS = ['amount_usd', 'amounts_usd', 'share_of_last_purchase', 'hours_left', 'shares', 'quota_id'] as const;
const MORE_TERMS = ['factor', 'minimum_usd', 'days'] as const;

interface Whose {
  account?: string;
}
interface TermOptions extends Whose {
  name?: string | false;
  amountUsd?: string;
  shareOfLastPurchase?: number;
  hoursLeft?: number;
  share?: number[];
  quota?: string | false;
  factor?: number;
  minimumUsd?: string;
  days?: number;
  channel?: string[];
  channels?: false;
  recovery?: boolean;
  quietSeconds?: number;
  enabled?: boolean;
}

export function addAlertCommands(program: Command, output: CliOutput): void {
  const alerts = program.command('alerts').description('what people are told, where, and how that fared');
  addReads(alerts, output);
  addWrites(alerts, output);
  addDelivery(alerts, output);
  addAlertChannelCommands(alerts, output);
}

/** Alerts of an account, or of the installation. */
function pathOf({ account }: Whose, ...rest: string[]): string[] {
  return account === undefined ? ['alerts', ...rest] : ['accounts', account, 'alerts', ...rest];
}

function withAccount(command: Command): Command {
  return command.option('--account <id>', 'of this account; of the installation and all accounts unless given');
}

function addReads(alerts: Command, output: CliOutput): void {
  addPageOptions(withAccount(alerts.command('list').description('list alerts'))).action(
    ({ account, ...page }: Whose & PageOptions, command: Command) =>
      openSession(command, output).showPage(
        { method: 'GET', path: pathOf({ ...(account === undefined ? {} : { account }) }), query: { ...page } },
        COLUMNS,
        sumTerms,
      ),
  );
  withAccount(alerts.command('show').description('show an alert'))
    .argument('<alert>', 'id of the alert')
    .action((id: string, options: Whose, command: Command) =>
      openSession(command, output).showRecord({ method: 'GET', path: pathOf(options, id) }),
    );
}

function sumTerms(row: PageRow): PageRow {
  const terms = [...TERMS, ...MORE_TERMS].flatMap((name) => (row[name] === undefined ? [] : [`${name} ${row[name]}`]));
  return { ...row, terms: terms.join(', '), channels: row.channels ?? 'default' };
}

function addWrites(alerts: Command, output: CliOutput): void {
  const create = withAccount(alerts.command('create').description('have something told'))
    .argument('<kind>', 'balance_low, quota_used, burn_rate, credit_expiry, reload_failed; of the installation any')
    .option('--name <name>', 'to tell it by')
    .option('--quota <id>', 'of quota_used: this quota only')
    .option('--disabled', 'off for now');
  addTermOptions(create).action((kind: string, options: TermOptions & { disabled?: true }, command: Command) =>
    openSession(command, output).showRecord({
      method: 'POST',
      path: pathOf(options),
      body: { kind, ...writeTerms(options), enabled: options.disabled === true ? false : undefined },
    }),
  );
  const update = withAccount(alerts.command('update').description('change an alert'))
    .argument('<alert>', 'id of the alert')
    .addOption(new Option('--name <name>', 'to tell it by'))
    .option('--no-name', 'no name')
    .option('--quota <id>', 'of quota_used: this quota only')
    .option('--no-quota', 'of quota_used: all quotas')
    .option('--no-channels', 'the default channels')
    .option('--enabled', 'on')
    .option('--no-enabled', 'off');
  addTermOptions(update).action((id: string, options: TermOptions, command: Command) =>
    openSession(command, output).showRecord({
      method: 'PATCH',
      path: pathOf(options, id),
      body: { ...writeTerms(options), enabled: options.enabled },
    }),
  );
  withAccount(alerts.command('delete').description('delete an alert; a built-in one is as it was at first'))
    .argument('<alert>', 'id of the alert')
    .action((id: string, options: Whose, command: Command) =>
      openSession(command, output).showRecord({ method: 'DELETE', path: pathOf(options, id) }, `Deleted ${id}.`),
    );
}

function addTermOptions(command: Command): Command {
  return command
    .option('--amount-usd <amount>', 'of balance_low: at or below this balance')
    .option('--share-of-last-purchase <share>', 'of balance_low: at or below this share, such as 0.1', parseDecimal)
    .option('--hours-left <hours>', 'of balance_low: the credit ends within so many hours', parseWhole)
    .option('--share <shares...>', 'of quota_used: such as 0.8 0.95 1', (text, before: number[] = []) => [
      ...before,
      parseDecimal(text),
    ])
    .option('--factor <times>', 'of burn_rate: so many times the usual', parseDecimal)
    .option('--minimum-usd <amount>', 'of burn_rate in an hour, of credit_expiry in all: at least so much')
    .option('--days <count>', 'of credit_expiry: so long before', parseWhole)
    .option('--channel <ids...>', 'channels; the default ones unless given')
    .option('--recovery', 'tell, too, that it is over')
    .option('--no-recovery', 'do not tell that it is over')
    .option('--quiet-seconds <count>', 'shortest time between two tellings of the same', parseWhole);
}

function writeTerms(options: TermOptions) {
  return {
    name: orNull(options.name),
    amount_usd: options.amountUsd,
    share_of_last_purchase: options.shareOfLastPurchase,
    hours_left: options.hoursLeft,
    shares: options.share,
    quota_id: orNull(options.quota),
    factor: options.factor,
    minimum_usd: options.minimumUsd,
    days: options.days,
    channels: options.channels === false ? null : options.channel,
    recovery: options.recovery,
    quiet_seconds: options.quietSeconds,
  };
}

function addDelivery(alerts: Command, output: CliOutput): void {
  alerts
    .command('test')
    .description('send a test to a channel now')
    .argument('<channel>', 'id of the channel')
    .action((id: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord({ method: 'POST', path: ['alert-channels', id, 'test'] }),
    );
  addPageOptions(alerts.command('deliveries').description('how alerts fared, latest first'))
    .option('--account <id>', 'only what tells of this account')
    .action((options: Whose & PageOptions, command: Command) => {
      const { account, ...page } = options;
      return openSession(command, output).showPage(
        { method: 'GET', path: ['alert-deliveries'], query: { account_id: account, ...page } },
        DELIVERY_COLUMNS,
      );
    });
  alerts
    .command('replay')
    .description('send a notice again now, under the same webhook-id')
    .argument('<delivery>', 'id of one of its deliveries')
    .action((id: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord({ method: 'POST', path: ['alert-deliveries', id, 'replay'] }),
    );
}
