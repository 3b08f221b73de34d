import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';
import { parseWhole } from './option-parsers.ts';

interface SetOptions {
  thresholdUsd?: string;
  amountUsd?: string;
  targetUsd?: string;
  monthlyCapUsd?: string;
  hourlyLimit?: number;
}

interface AnswerOptions {
  reference?: string;
  reason?: string;
  note?: string;
}

export function addAutoReloadCommands(program: Command, output: CliOutput): void {
  const reload = program.command('auto-reload').description('keeps the balance up by asking the payment side');
  reload
    .command('show')
    .description('its terms, what is pending, and a threshold by the use of the last days')
    .argument('<account>', 'id of the account')
    .action((accountId: string, _options: object, command: Command) =>
      openSession(command, output).showRecord({ method: 'GET', path: ['accounts', accountId, 'auto-reload'] }),
    );
  reload
    .command('set')
    .description('turn it on, or on by other terms; what is left out stays as it was')
    .argument('<account>', 'id of the account')
    .option('--threshold-usd <amount>', 'a balance below it asks for a reload')
    .option('--amount-usd <amount>', 'of one reload; as many times as reach the threshold, in one payment')
    .option('--target-usd <amount>', 'instead of an amount: the balance to reach')
    .option('--monthly-cap-usd <amount>', 'requested in a calendar month at most')
    .option('--hourly-limit <count>', 'requests within any hour at most, 1 to 10; 3 unless stated', parseWhole)
    .action((accountId: string, options: SetOptions, command: Command) =>
      openSession(command, output).showRecord({
        method: 'PUT',
        path: ['accounts', accountId, 'auto-reload'],
        body: writeTerms(options),
      }),
    );
  reload
    .command('off')
    .description('turn it off; a request that is pending still lands')
    .argument('<account>', 'id of the account')
    .action((accountId: string, _options: object, command: Command) =>
      openSession(command, output).showRecord({
        method: 'PUT',
        path: ['accounts', accountId, 'auto-reload'],
        body: { enabled: false },
      }),
    );
  reload
    .command('answer')
    .description('tell what became of a request: paid, which is credit at once, or declined')
    .argument('<account>', 'id of the account')
    .argument('<reload>', 'id of the request')
    .argument('<outcome>', 'paid or declined')
    .option('--reference <text>', 'what the payment side calls its charge')
    .option('--reason <text>', 'why it was declined')
    .option('--note <text>', 'kept in the journal')
    .action((accountId: string, reloadId: string, outcome: string, options: AnswerOptions, command: Command) =>
      openSession(command, output).showRecord({
        method: 'POST',
        path: ['accounts', accountId, 'auto-reload', 'requests', reloadId],
        body: { outcome, ...options },
      }),
    );
}

function writeTerms(options: SetOptions): { [field: string]: unknown } {
  return {
    enabled: true,
    threshold_usd: options.thresholdUsd,
    ...(options.targetUsd !== undefined ? { mode: 'target' } : {}),
    ...(options.amountUsd !== undefined ? { mode: 'fixed' } : {}),
    amount_usd: options.amountUsd,
    target_usd: options.targetUsd,
    monthly_cap_usd: options.monthlyCapUsd,
    hourly_limit: options.hourlyLimit,
  };
}
