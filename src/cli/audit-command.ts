import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';
import { parseWhole } from './option-parsers.ts';

const COLUMNS = [
  ['sequence', 'SEQUENCE'],
  ['at', 'AT'],
  ['actor', 'ACTOR'],
  ['outcome', 'OUTCOME'],
  ['method', 'METHOD'],
  ['path', 'PATH'],
  ['ids.account_id', 'ACCOUNT'],
  ['changed', 'CHANGED'],
] as const;

interface AuditOptions {
  after?: number;
  limit?: number;
  newest?: number;
}

interface AuditLine {
  changes: { field: string; before?: unknown; after?: unknown }[];
}

export function addAuditCommand(program: Command, output: CliOutput): void {
  program
    .command('audit')
    .description('who changed what, in the order in which it was done; --json tells all')
    .option('--after <sequence>', 'go on after this record', parseWhole)
    .option('--limit <count>', 'at most so many, 1 to 1000', parseWhole)
    .option('--newest <count>', 'only so many of the newest', parseWhole)
    .action((options: AuditOptions, command: Command) =>
      openSession(command, output).showPage(
        { method: 'GET', path: ['audit'], query: { ...options } },
        COLUMNS,
        (row) => ({
          ...row,
          changed: describeChanges((row as unknown as AuditLine).changes),
        }),
      ),
    );
}

function describeChanges(changes: AuditLine['changes']): string {
  return changes.map(({ field, before, after }) => `${field}: ${write(before)} -> ${write(after)}`).join(', ');
}

function write(value: unknown): string {
  return value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);
}
