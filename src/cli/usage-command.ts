import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';
import { formatTable } from './format-table.ts';
import { parseInstantOption } from './option-parsers.ts';

const GROUP_COLUMNS = {
  model: ['model', 'MODEL'],
  team: ['team_id', 'TEAM'],
  member: ['member_id', 'MEMBER'],
  key: ['key_id', 'KEY'],
  session: ['session_id', 'SESSION'],
} as const;

const FIGURE_COLUMNS = [
  ['requests', 'REQUESTS'],
  ['input_tokens', 'INPUT'],
  ['cache_write_5m_tokens', 'WRITE 5M'],
  ['cache_write_1h_tokens', 'WRITE 1H'],
  ['cache_read_tokens', 'READ'],
  ['output_tokens', 'OUTPUT'],
  ['web_searches', 'SEARCHES'],
  ['cost_usd', 'COST USD'],
  ['refunded_usd', 'REFUNDED USD'],
  ['cache_savings_usd', 'CACHE SAVED USD'],
] as const;

interface UsageOptions {
  from?: number;
  to?: number;
  bucket?: string;
  groupBy?: string;
  csv?: boolean;
}

export function addUsageCommand(program: Command, output: CliOutput): void {
  program
    .command('usage')
    .description('what an account used and what it cost, this month unless told otherwise')
    .argument('<account>', 'id of the account')
    .option('--from <time>', 'a day (UTC) or an instant', parseInstantOption)
    .option('--to <time>', 'the end, which is not part of it', parseInstantOption)
    .option('--bucket <width>', "hour, day or month, in the account's time zone")
    .option('--group-by <names>', 'model, team, member, key, with commas between, or session')
    .option('--csv', 'as CSV')
    .action(async (accountId: string, options: UsageOptions, command: Command) => {
      const session = openSession(command, output);
      const { groupBy, bucket, csv } = options;
      const query = {
        ...{ from: writeInstant(options.from), to: writeInstant(options.to), bucket, group_by: groupBy },
        format: csv === true ? 'csv' : undefined,
      };
      const { text, json } = await session.call({ method: 'GET', path: ['accounts', accountId, 'usage'], query });
      if (csv === true) return output.out(text.replace(/\r\n$/, ''));
      if (session.isJson) return output.out(JSON.stringify(json, null, 2));
      showUsage(json as UsageAnswer, groupBy, output);
    });
}

interface UsageAnswer {
  timezone: string;
  data: { [field: string]: unknown }[];
  total: { [field: string]: unknown };
}

function showUsage({ timezone, data, total }: UsageAnswer, groupBy: string | undefined, output: CliOutput): void {
  if (data.length === 0) {
    output.out('None.');
    return;
  }
  const groups = Object.entries(GROUP_COLUMNS).filter(([name]) => (groupBy ?? '').split(',').includes(name));
  const columns = [['starts_at', `FROM (${timezone})`] as const, ...groups.map(([, column]) => column)];
  const rows = data.map((row) => ({ ...row, starts_at: writeLocal(`${row.starts_at}`, timezone) }));
  output.out(formatTable([...rows, { starts_at: 'total', ...total }], [...columns, ...FIGURE_COLUMNS]));
}

/** "2026-11-21 09:00" where the clock of that zone shows it. */
function writeLocal(time: string, timeZone: string): string {
  const options = { timeZone, dateStyle: 'short', timeStyle: 'short' } as const;
  return new Intl.DateTimeFormat('sv-SE', options).format(new Date(time));
}

function writeInstant(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
