import { type Command, InvalidArgumentError } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';
import { formatRecord, formatTable } from './format-table.ts';

const COLUMNS = [
  ['model', 'MODEL'],
  ['requests', 'REQUESTS'],
  ['charged_usd', 'CHARGED USD'],
  ['refunded_usd', 'REFUNDED USD'],
] as const;

export function addStatementCommand(program: Command, output: CliOutput): void {
  program
    .command('statement')
    .description("a month of an account: how the balance came from the month's opening to its closing")
    .argument('<account>', 'id of the account')
    .argument('<month>', 'such as 2026-11', parseMonth)
    .option('--csv', 'as CSV')
    .action(async (accountId: string, month: string, { csv }: { csv?: boolean }, command: Command) => {
      const session = openSession(command, output);
      const query = { format: csv === true ? 'csv' : undefined };
      const path = ['accounts', accountId, 'statements', month];
      const { text, json } = await session.call({ method: 'GET', path, query });
      if (csv === true) return output.out(text.replace(/\r\n$/, ''));
      if (session.isJson) return output.out(JSON.stringify(json, null, 2));
      const { models, ...figures } = json as { models: { [field: string]: unknown }[] };
      output.out(formatRecord(figures));
      if (models.length > 0) output.out(`\n${formatTable(models, COLUMNS)}`);
    });
}

function parseMonth(text: string): string {
  if (!/^2\d{3}-(0[1-9]|1[0-2])$/.test(text)) throw new InvalidArgumentError('It must be a month such as 2026-11.');
  return text;
}
