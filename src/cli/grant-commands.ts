import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';
import { parseWhole } from './option-parsers.ts';
import { addPageOptions, type PageOptions } from './page-options.ts';

const COLUMNS = [
  ['id', 'ID'],
  ['kind', 'KIND'],
  ['status', 'STATUS'],
  ['priority', 'PRIORITY'],
  ['amount_usd', 'AMOUNT USD'],
  ['remaining_usd', 'REMAINING USD'],
  ['spent_usd', 'SPENT USD'],
  ['effective_at', 'EFFECTIVE'],
  ['expires_at', 'EXPIRES'],
  ['models', 'MODELS'],
] as const;

interface GrantOptions {
  amountUsd: string;
  kind: string;
  effectiveAt?: string;
  expiresAt?: string;
  validDays?: number;
  priority?: number;
  model?: string[];
  note?: string;
}

export function addGrantCommands(program: Command, output: CliOutput): void {
  const grant = program.command('grant').description('credit, with its term and what it may pay for');
  grant
    .command('create')
    .description('grant credit; for one calendar year unless told otherwise')
    .argument('<account>', 'id of the account')
    .requiredOption('--amount-usd <amount>', 'dollars, up to nine places')
    .option('--kind <kind>', 'paid or promotional', 'paid')
    .option('--effective-at <time>', 'spendable from (RFC 3339); now unless stated')
    .option('--expires-at <time>', 'spendable until (RFC 3339)')
    .option('--valid-days <days>', 'spendable for so many days of 24 hours', parseWhole)
    .option('--priority <number>', '0 burns first, 99 last; 50 unless stated', parseWhole)
    .option('--model <ids...>', 'pays for these models or families only')
    .option('--note <text>', 'kept in the journal')
    .action((accountId: string, options: GrantOptions, command: Command) =>
      openSession(command, output).showRecord({
        method: 'POST',
        path: ['accounts', accountId, 'grants'],
        body: writeGrant(options),
      }),
    );
  addPageOptions(
    grant
      .command('list')
      .description('list grants, spent and expired ones included')
      .argument('<account>', 'id of the account'),
  ).action((accountId: string, options: PageOptions, command: Command) =>
    openSession(command, output).showPage(
      { method: 'GET', path: ['accounts', accountId, 'grants'], query: { ...options } },
      COLUMNS,
    ),
  );
  grant
    .command('void')
    .description('take back what is left of a grant; what is spent stays spent')
    .argument('<account>', 'id of the account')
    .argument('<grant>', 'id of the grant')
    .action((accountId: string, grantId: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord({
        method: 'POST',
        path: ['accounts', accountId, 'grants', grantId, 'void'],
      }),
    );
}

function writeGrant(options: GrantOptions): { [field: string]: unknown } {
  return {
    amount_usd: options.amountUsd,
    kind: options.kind,
    effective_at: options.effectiveAt,
    expires_at: options.expiresAt,
    valid_days: options.validDays,
    priority: options.priority,
    models: options.model,
    note: options.note,
  };
}
