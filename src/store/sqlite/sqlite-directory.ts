import { createChangeListeners } from '../../directory/change-listeners.ts';
import type { Directory } from '../../directory/directory.ts';
import type { Database } from './open-database.ts';
import { createAccountQueries } from './sqlite-directory-accounts.ts';
import { createSqliteDirectoryContext } from './sqlite-directory-context.ts';
import { createKeyQueries } from './sqlite-directory-keys.ts';
import { createMemberQueries, createTeamQueries } from './sqlite-directory-people.ts';
import { createQuotaQueries } from './sqlite-directory-quotas.ts';
import { createTokenQueries } from './sqlite-directory-tokens.ts';
import { createIdempotencyTable } from './sqlite-idempotency.ts';

/**
 * The directory in the embedded store. `database` stays the caller's to close.
 * @param database opened with DIRECTORY_SCHEMA among its parts.
 */
export function createSqliteDirectory(database: Database): Directory {
  const listeners = createChangeListeners();
  const context = createSqliteDirectoryContext(database, listeners);
  const idempotency = createIdempotencyTable(database.connection);
  return {
    ...createAccountQueries(context),
    ...createTeamQueries(context),
    ...createMemberQueries(context),
    ...createKeyQueries(context),
    ...createQuotaQueries(context),
    ...createTokenQueries(context),
    onChange: (listener) => listeners.add(listener),
    claimIdempotencyKey: (claim) => context.read(() => database.transaction(() => idempotency.claim(claim))),
    completeIdempotencyKey: (scope, key, response) => context.read(() => idempotency.complete(scope, key, response)),
    ping: () => context.read(() => database.transaction(() => undefined)),
    close: async () => {},
  };
}
