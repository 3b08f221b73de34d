import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';

interface CorrectOptions {
  hold?: string;
  request?: string;
  chargeUsd: string;
  confirmChargeUsd?: string;
  note?: string;
}

export function addCorrectCommand(program: Command, output: CliOutput): void {
  program
    .command('correct')
    .description('set what a call that has ended is charged; the difference is refunded, or charged')
    .argument('<account>', 'id of the account')
    .option('--hold <id>', 'the call by its hold, as the journal names it; a batch has one for each model')
    .option('--request <id>', 'the call by the request-id its caller was answered; a batch by its id, msgbatch_...')
    .requiredOption('--charge-usd <amount>', 'what the call is charged in all')
    .option('--confirm-charge-usd <amount>', 'the same again, where it is above 100.00 and ten times the charge')
    .option('--note <text>', 'kept in the journal')
    .action((accountId: string, options: CorrectOptions, command: Command) =>
      openSession(command, output).showRecord({
        method: 'POST',
        path: ['accounts', accountId, 'corrections'],
        body: {
          hold_id: options.hold,
          request_id: options.request,
          charge_usd: options.chargeUsd,
          confirm_charge_usd: options.confirmChargeUsd,
          note: options.note,
        },
      }),
    );
}
