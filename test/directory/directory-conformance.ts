import { describe } from 'vitest';
import { describeAccounts } from './account-conformance.ts';
import { describeChanges } from './change-conformance.ts';
import { type DirectoryStore, useDirectory } from './directory-fixtures.ts';
import { describeKeys } from './key-conformance.ts';
import { describePeople } from './people-conformance.ts';
import { describeTeamPages } from './team-page-conformance.ts';
import { describeTokens } from './token-conformance.ts';

/** The cases every store of the directory has to pass. */
export function describeDirectory(name: string, createStore: () => Promise<DirectoryStore>): void {
  describe(`directory on ${name}`, () => {
    const on = useDirectory(createStore);
    describeAccounts(on);
    describePeople(on);
    describeKeys(on);
    describeChanges(on);
    describeTokens(on);
    describeTeamPages(on);
  });
}
