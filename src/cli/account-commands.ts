import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';
import { orNull } from './option-parsers.ts';
import { addPageOptions, type PageOptions } from './page-options.ts';
import { readSource } from './read-card-files.ts';

const COLUMNS = [
  ['id', 'ID'],
  ['name', 'NAME'],
  ['status', 'STATUS'],
  ['mode', 'MODE'],
  ['balance.available_usd', 'AVAILABLE USD'],
  ['balance.held_usd', 'HELD USD'],
  ['balance.spent_usd', 'SPENT USD'],
  ['balance.debt_usd', 'DEBT USD'],
] as const;

interface AccountOptions {
  name?: string;
  timezone?: string;
  mode?: string;
  creditLimitUsd?: string;
  onDisconnect?: string;
  onExhausted?: string;
  lowBalanceUsd?: string[] | false;
  status?: string;
  priceMultiplier?: string | false;
  priceOverrides?: string | false;
}

export function addAccountCommands(program: Command, output: CliOutput): void {
  const account = program.command('account').description('accounts, who own credit');
  addWrites(account, output);
  addPageOptions(account.command('list').description('list accounts with their balances')).action(
    (options: PageOptions, command: Command) =>
      openSession(command, output).showPage({ method: 'GET', path: ['accounts'], query: { ...options } }, COLUMNS),
  );
  account
    .command('show')
    .description('show an account and its balance')
    .argument('<account>', 'id of the account')
    .action((id: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord({ method: 'GET', path: ['accounts', id] }),
    );
  account
    .command('close')
    .description('close an account for good; credit that is left expires')
    .argument('<account>', 'id of the account')
    .option('--yes', 'really close it')
    .action((id: string, options: { yes?: boolean }, command: Command) => {
      if (options.yes !== true) {
        throw new CliFailure('closing cannot be undone and its credit expires: add --yes', EXIT_CODES.usage);
      }
      return openSession(command, output).showRecord({ method: 'POST', path: ['accounts', id, 'close'] });
    });
}

function addWrites(account: Command, output: CliOutput): void {
  withPolicy(account.command('create').description('open an account').argument('<name>', 'its name')).action(
    (name: string, options: AccountOptions, command: Command) =>
      openSession(command, output).showRecord({
        method: 'POST',
        path: ['accounts'],
        body: { name, ...writePolicy(options) },
      }),
  );
  withPolicy(
    account
      .command('update')
      .description('change an account, freeze it or open it again')
      .argument('<account>', 'id of the account')
      .option('--name <name>', 'new name')
      .option('--status <status>', 'open or frozen'),
  )
    // After those they take back: before them they would make each default to true.
    .option('--no-low-balance-usd', 'no alert on its balance')
    .option('--no-price-multiplier', 'pay the operator’s, or the plain prices')
    .option('--no-price-overrides', 'pay the rate card’s prices')
    .action((id: string, options: AccountOptions, command: Command) =>
      openSession(command, output).showRecord({
        method: 'PATCH',
        path: ['accounts', id],
        body: { name: options.name, status: options.status, ...writePolicy(options) },
      }),
    );
}

function withPolicy(command: Command): Command {
  return command
    .option('--timezone <zone>', 'IANA time zone of its days and months')
    .option('--mode <mode>', 'prepaid or postpaid')
    .option('--credit-limit-usd <amount>', 'how far a postpaid account may owe')
    .option('--on-disconnect <policy>', 'drain or cancel')
    .option('--on-exhausted <policy>', 'calls that may cost more than is left: refuse, cut (unless said) or finish')
    .option('--low-balance-usd <levels...>', 'balances at which an alert goes out')
    .option('--price-multiplier <decimal>', 'what it pays per dollar of its prices, such as 1.25')
    .option('--price-overrides <file>', 'JSON list of prices in place of the rate card’s; see docs/prices.md');
}

function writePolicy(options: AccountOptions): { [field: string]: unknown } {
  return {
    timezone: options.timezone,
    mode: options.mode,
    credit_limit_usd: options.creditLimitUsd,
    on_disconnect: options.onDisconnect,
    on_exhausted: options.onExhausted,
    low_balance_usd: options.lowBalanceUsd === false ? [] : options.lowBalanceUsd,
    pricing: writePricing(options),
  };
}

/** Undefined where no option names a price: then they stay. */
function writePricing({ priceMultiplier, priceOverrides }: AccountOptions): { [field: string]: unknown } | undefined {
  if (priceMultiplier === undefined && priceOverrides === undefined) return undefined;
  return {
    multiplier: orNull(priceMultiplier),
    overrides: priceOverrides === false ? [] : priceOverrides && readOverrides(priceOverrides),
  };
}

/** The admin API judges what is in it. */
function readOverrides(path: string): unknown {
  const { text } = readSource(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliFailure(`${path} is not JSON`, EXIT_CODES.usage, { cause: error });
  }
}
