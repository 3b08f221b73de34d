import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { loadProcessSettings } from './config/load-process-settings.ts';
import { openDataFolder } from './config/open-data-folder.ts';
import { systemTimers } from './metering/timers.ts';
import type { Restoration } from './restore/restore-account.ts';
import { restoreAccounts } from './restore/restore-accounts.ts';
import { openStore } from './store/open-store.ts';

export interface RunRestoreOptions {
  from: string;
  dryRun: boolean;
  takeLater: boolean;
}

/** What became of an account, and whether anybody could call on it. */
export type RestoreLine = Restoration & { isInDirectory: boolean };

/** The settings are wrong; nothing was looked at. */
class SettingsInvalid extends Error {
  readonly code = 'SETTINGS_INVALID';
  override readonly name = 'SettingsInvalid';
}

/** A command reads and renames a whole account. */
const COMMAND_TIMEOUT_MS = 120_000;

/**
 * Opens the store that this process's settings name, and restores the accounts of an export into it. Straight to the
 * store, without a running Tollgate: the embedded store's lock and the export's lease see to it that none runs.
 */
export async function* runRestore({ from, dryRun, takeLater }: RunRestoreOptions): AsyncGenerator<RestoreLine> {
  const loaded = loadProcessSettings();
  if (!loaded.ok) throw new SettingsInvalid(loaded.problems.join('\n'));
  const { redisUrl, redisWaitReplicas: waitReplicas, dataDir } = loaded.settings;
  const dataFolder = openDataFolder(dataDir);
  const { nowMs } = systemTimers;
  const store = await openStore({
    ...{ redisUrl, waitReplicas, dataFolder, nowMs, commandTimeoutMs: COMMAND_TIMEOUT_MS },
    // A command that fails says so itself.
    onFault: () => undefined,
  });
  try {
    const scratchPath = join(dataFolder, 'restore-scratch.sqlite');
    const options = { from, scratchPath, dryRun, takeLater };
    for await (const restoration of restoreAccounts({ ...store, owner: randomUUID() }, options)) {
      const { accountId } = restoration;
      // Sums over another history than the one taken are wrong; over the beginning of the same one they are right.
      if (takeLater && restoration.result === 'restored') {
        await store.reports.forget(accountId, await store.reports.readProgress(accountId));
      }
      const account = await store.directory.findAccount(accountId);
      yield { ...restoration, isInDirectory: account !== undefined };
    }
  } finally {
    await store.close();
  }
}
