import type { Command } from 'commander';
import { describeUnseen } from '../organisation/find-denied.ts';
import type { PresentAccount } from '../organisation/kind.ts';
import { INSTALLATION_KINDS, SECTION_KINDS } from '../organisation/kinds.ts';
import { writeOrganisation } from '../organisation/write-organisation.ts';
import { type CliOutput, openSession } from './cli-session.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';
import { listAccounts, readAccount, readBearer, readInstallation } from './read-organisation.ts';

export function addExportCommand(program: Command, output: CliOutput): void {
  program
    .command('export')
    .description('accounts with all that belongs to them, and alerts, as one YAML, to be kept in git; without secrets')
    .argument('[account]', 'id of the account; all that are not closed unless given')
    .option('--ids', 'give every record its id, so that it can be renamed in the file')
    .action(async (accountId: string | undefined, options: { ids?: boolean }, command: Command) => {
      const session = openSession(command, output);
      const open = (await listAccounts(session)).filter(({ end }) => end === undefined);
      const wanted = open.filter(({ id }) => accountId === undefined || id === accountId);
      if (accountId !== undefined && wanted.length === 0)
        throw new CliFailure(`no open account has the id ${accountId}`, EXIT_CODES.refused);
      const bearer = await readBearer(session);
      const installation = await readInstallation(session, bearer);
      const accounts: PresentAccount[] = [];
      for (const account of wanted) accounts.push(await readAccount(session, account, installation, bearer));
      const isWhole = accountId === undefined;
      const unseen = [...SECTION_KINDS, ...(isWhole ? INSTALLATION_KINDS : [])].flatMap((kind) =>
        describeUnseen(kind, bearer),
      );
      if (unseen.length > 0) output.error(`Not in the export: ${unseen.join('; ')}.`);
      const isAmbiguous = (name: string): boolean => open.filter(({ values }) => values.name === name).length > 1;
      const text = writeOrganisation(accounts, { ids: options.ids === true, isAmbiguous, installation, isWhole });
      output.out(session.isJson ? JSON.stringify({ yaml: text }, null, 2) : text.trimEnd());
    });
}
