/** Primary result codes, https://www.sqlite.org/rescode.html */
export const SQLITE_BUSY = 5;

/** Codes of a store that cannot take the statement now, or whose disk does not let it. */
const UNAVAILABLE = new Set([
  SQLITE_BUSY,
  6, // LOCKED
  7, // NOMEM
  8, // READONLY
  10, // IOERR
  13, // FULL
  14, // CANTOPEN
]);

/** The primary SQLite result code of an error thrown by node:sqlite; undefined for any other error. */
export function sqliteErrorCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

/** Whether an error means that the store cannot serve now: busy, full, read-only, failing disk, or closed. */
export function isSqliteUnavailable(error: unknown): boolean {
  const code = sqliteErrorCode(error);
  if (code !== undefined) return UNAVAILABLE.has(code);
  return error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_STATE';
}
