import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';

/** The data folder cannot be made or used. */
export class DataFolderUnavailable extends Error {
  readonly code = 'DATA_FOLDER_UNAVAILABLE';
  override readonly name = 'DataFolderUnavailable';
}

/** Makes the data folder where it is missing, for its owner only, and answers its absolute path. */
export function openDataFolder(dataDir: string): string {
  const path = resolve(dataDir);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  } catch (cause) {
    throw new DataFolderUnavailable(`the data folder ${path} cannot be made`, { cause });
  }
}
