import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';

interface RefundOptions {
  hold?: string;
  request?: string;
  amountUsd?: string;
  note?: string;
}

export function addRefundCommand(program: Command, output: CliOutput): void {
  program
    .command('refund')
    .description("give a call's charge back, inside the account, to the grants that paid it")
    .argument('<account>', 'id of the account')
    .option('--hold <id>', 'the call by its hold, as the journal names it; a batch has one for each model')
    .option('--request <id>', 'the call by the request-id its caller was answered; a batch by its id, msgbatch_...')
    .option('--amount-usd <amount>', 'a part; all that is left unless stated')
    .option('--note <text>', 'kept in the journal')
    .action((accountId: string, options: RefundOptions, command: Command) =>
      openSession(command, output).showRecord({
        method: 'POST',
        path: ['accounts', accountId, 'refunds'],
        body: {
          hold_id: options.hold,
          request_id: options.request,
          amount_usd: options.amountUsd,
          note: options.note,
        },
      }),
    );
}
