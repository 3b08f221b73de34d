import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';
import { parseWhole } from './option-parsers.ts';

const COLUMNS = [
  ['sequence', 'SEQUENCE'],
  ['at', 'AT'],
  ['operation', 'OPERATION'],
  ['subject_id', 'SUBJECT'],
  ['amount_usd', 'AMOUNT USD'],
] as const;

interface JournalOptions {
  after?: number;
  limit?: number;
  csv?: boolean;
  only?: string;
}

export function addJournalCommand(program: Command, output: CliOutput): void {
  program
    .command('journal')
    .description("every change of an account's balance, in sequence")
    .argument('<account>', 'id of the account')
    .option('--after <sequence>', 'go on after this entry', parseWhole)
    .option('--limit <count>', 'at most so many, 1 to 1000', parseWhole)
    .option('--only <mark>', 'only what is marked so: estimated, absurd, unknown or doubtful')
    .option('--csv', 'as CSV')
    .action(async (accountId: string, options: JournalOptions, command: Command) => {
      const session = openSession(command, output);
      const { after, limit, csv, only } = options;
      const call = { method: 'GET', path: ['accounts', accountId, 'journal'] } as const;
      if (csv !== true) return session.showPage({ ...call, query: { after, limit, only } }, COLUMNS);
      const { text, headers } = await session.call({ ...call, query: { after, limit, only, format: 'csv' } });
      output.out(text.replace(/\r\n$/, ''));
      const next = headers.get('tollgate-next-after');
      if (next !== null) output.error(`There is more: --after ${next}`);
    });
}
