import type { Command } from 'commander';
import type { PresentAccount } from '../organisation/kind.ts';
import { writeOrganisation } from '../organisation/write-organisation.ts';
import { type CliOutput, openSession } from './cli-session.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';
import { listAccounts, readAccount } from './read-organisation.ts';

export function addExportCommand(program: Command, output: CliOutput): void {
  program
    .command('export')
    .description('accounts with their teams, members, keys and quotas as one YAML, to be kept in git; without secrets')
    .argument('[account]', 'id of the account; all that are not closed unless given')
    .option('--ids', 'give every record its id, so that it can be renamed in the file')
    .action(async (accountId: string | undefined, options: { ids?: boolean }, command: Command) => {
      const session = openSession(command, output);
      const open = (await listAccounts(session)).filter(({ end }) => end === undefined);
      const wanted = open.filter(({ id }) => accountId === undefined || id === accountId);
      if (accountId !== undefined && wanted.length === 0)
        throw new CliFailure(`no open account has the id ${accountId}`, EXIT_CODES.refused);
      const accounts: PresentAccount[] = [];
      for (const account of wanted) accounts.push(await readAccount(session, account));
      const isAmbiguous = (name: string): boolean => open.filter(({ values }) => values.name === name).length > 1;
      const text = writeOrganisation(accounts, { ids: options.ids === true, isAmbiguous });
      output.out(session.isJson ? JSON.stringify({ yaml: text }, null, 2) : text.trimEnd());
    });
}
