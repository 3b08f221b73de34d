import type { JournalSource } from '../ledger/journal-source.ts';
import { createExportIndex } from './export-index.ts';
import { readExport } from './read-export.ts';
import { type Restoration, type RestoreOptions, type RestoreParts, restoreAccount } from './restore-account.ts';

export interface RestoreAccountsParts extends Omit<RestoreParts, 'index' | 'journal'> {
  journal: Pick<JournalSource, 'readSnapshot' | 'claim' | 'unclaim'>;
  /** Names this process among those that might export. */
  owner: string;
}

export interface RestoreAccountsOptions extends RestoreOptions {
  /** The folder of the export's files. */
  from: string;
  /** Where the scratch file is made, of the export's size. */
  scratchPath: string;
}

/** Another process uses the store. */
export class StoreInUse extends Error {
  readonly code = 'STORE_IN_USE';
  override readonly name = 'StoreInUse';
}

const LEASE_MS = 30_000;
/** An exporter's lease is as long, and is given back at its clean end. */
const IN_USE =
  'a process exports the journal: stop all that serve this store, and try again; ' +
  `after one that was killed, wait ${LEASE_MS / 1000} seconds`;

/**
 * Restores every account of an export, one after the other, and tells each. For a store that no process serves: the
 * export's lease is taken, so that none exports meanwhile, and an account that changes all the same is left alone.
 * @throws ExportUnreadable before anything is changed, StoreInUse.
 */
export async function* restoreAccounts(
  parts: RestoreAccountsParts,
  { from, scratchPath, ...options }: RestoreAccountsOptions,
): AsyncGenerator<Restoration> {
  const index = createExportIndex(scratchPath);
  let isClaimed = false;
  try {
    await readExport(from, index);
    index.finish();
    for (const history of index.accounts()) {
      if (!(await parts.journal.claim(parts.owner, LEASE_MS))) {
        throw new StoreInUse(IN_USE);
      }
      isClaimed = true;
      yield await restoreAccount({ ...parts, index }, history, options);
    }
  } finally {
    index.remove();
    if (isClaimed) await parts.journal.unclaim(parts.owner);
  }
}
