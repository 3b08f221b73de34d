import { applyChange } from '../../directory/change-record.ts';
import type { Directory } from '../../directory/directory.ts';
import type { SqliteDirectoryContext } from './sqlite-directory-context.ts';

type AccountQueries = Pick<Directory, 'createAccount' | 'findAccount' | 'listAccounts' | 'updateAccount'>;

export function createAccountQueries({ tables: { accounts }, read, write }: SqliteDirectoryContext): AccountQueries {
  return {
    createAccount: (account) =>
      write(
        account.id,
        () => accounts.insert(account),
        (reply) => reply.result === 'created',
      ),
    findAccount: (accountId) => read(() => accounts.find(accountId)),
    listAccounts: (page) => read(() => accounts.list(undefined, page)),
    updateAccount: (accountId, change) =>
      write(
        accountId,
        () => {
          const account = accounts.find(accountId);
          if (account === undefined) return undefined;
          const changed = applyChange(account, change);
          accounts.replace(changed);
          return changed;
        },
        (account) => account !== undefined,
      ),
  };
}
