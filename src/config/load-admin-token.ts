import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataFolderUnavailable } from './open-data-folder.ts';
import { settingsTable } from './settings-table.ts';

/** `path`: the file that holds the token; undefined where the settings gave it. */
export type AdminToken = { token: string; path: string | undefined };

const FILE_NAME = 'admin-token';
const OWNER_ONLY = 0o600;
const TOKEN_BYTES = 32;

/**
 * The token of the admin API: the one of the settings, else the one kept in the data folder, which is made once.
 * Processes that start together agree on one. Throws `DataFolderUnavailable`.
 */
export function loadAdminToken(adminToken: string | undefined, dataFolder: string): AdminToken {
  if (adminToken !== undefined) return { token: adminToken, path: undefined };
  const path = join(dataFolder, FILE_NAME);
  try {
    return { token: readToken(path) ?? createToken(path), path };
  } catch (cause) {
    if (cause instanceof DataFolderUnavailable) throw cause;
    throw new DataFolderUnavailable(`the admin token ${path} cannot be read or made`, { cause });
  }
}

function readToken(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  // Restored from a backup or copied by hand it may have become readable by others.
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, OWNER_ONLY);
  const reading = settingsTable.adminToken.read(text);
  if (reading.ok) return text;
  throw new DataFolderUnavailable(
    `the admin token in ${path} ${reading.problem}; remove the file to have a new one made`,
  );
}

/** A link never replaces a file, so of two processes the first one's token stays and both read that. */
function createToken(path: string): string {
  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(draft, `tga_${randomBytes(TOKEN_BYTES).toString('base64url')}\n`, {
      mode: OWNER_ONLY,
      flag: 'wx',
      flush: true,
    });
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readToken(path) as string;
}
