import type { Directory, Principal } from './directory.ts';

/** A change in another replica is announced at once; this bounds the harm of an announcement that was lost. */
const TTL_MS = 5_000;
const MISS_TTL_MS = 1_000;
const ENTRIES_MAX = 10_000;

export interface PrincipalCacheOptions {
  directory: Pick<Directory, 'findPrincipal' | 'onChange'>;
  /** Milliseconds; only differences are used. */
  now: () => number;
  ttlMs?: number;
  /** How long an unknown hash is remembered as unknown. */
  missTtlMs?: number;
  /** Bound of the found ones, and separately of the unknown ones, so that a flood of wrong keys evicts no right one. */
  entriesMax?: number;
}

export interface PrincipalCache {
  /**
   * The principal of a secret's hash. Look-ups of one hash at the same time ask the store once.
   * @throws DirectoryUnavailable when the store has to be asked and does not answer. Faults are not remembered.
   */
  find(secretHash: string): Promise<Principal | undefined>;
  /** How many hashes are remembered, unknown ones included. */
  size(): number;
}

interface Entry {
  principal: Principal | undefined;
  endsAtMs: number;
}

/** A bounded in-process memory in front of {@link Directory.findPrincipal}, emptied as the directory announces changes. */
export function createPrincipalCache(options: PrincipalCacheOptions): PrincipalCache {
  const { directory, now, ttlMs = TTL_MS, missTtlMs = MISS_TTL_MS, entriesMax = ENTRIES_MAX } = options;
  const found = new Map<string, Entry>();
  const missing = new Map<string, Entry>();
  const flights = new Map<string, Promise<Principal | undefined>>();

  const invalidate = (accountId: string | undefined): void => {
    // A look-up under way may have read what was before the change: nobody new may join it, and it is not remembered.
    flights.clear();
    // The new thing may be a key that was unknown until now.
    missing.clear();
    for (const [hash, entry] of found) {
      if (accountId === undefined || entry.principal?.account.id === accountId) found.delete(hash);
    }
  };
  directory.onChange(invalidate);

  const remember = (secretHash: string, principal: Principal | undefined): void => {
    const entries = principal === undefined ? missing : found;
    const lifeMs = principal === undefined ? missTtlMs : ttlMs;
    entries.delete(secretHash);
    entries.set(secretHash, { principal, endsAtMs: now() + lifeMs });
    if (entries.size > entriesMax) deleteOldest(entries);
  };

  const lookUp = (secretHash: string): Promise<Principal | undefined> => {
    const flight = directory.findPrincipal(secretHash).then(
      (principal) => {
        if (flights.get(secretHash) === flight) {
          flights.delete(secretHash);
          remember(secretHash, principal);
        }
        return principal;
      },
      (error: unknown) => {
        if (flights.get(secretHash) === flight) flights.delete(secretHash);
        throw error;
      },
    );
    flights.set(secretHash, flight);
    return flight;
  };

  return {
    async find(secretHash) {
      const entry = found.get(secretHash) ?? missing.get(secretHash);
      if (entry !== undefined && now() < entry.endsAtMs) return entry.principal;
      return flights.get(secretHash) ?? lookUp(secretHash);
    },
    size: () => found.size + missing.size,
  };
}

/** A map keeps its entries in the order they were set. */
function deleteOldest(entries: Map<string, Entry>): void {
  const oldest = entries.keys().next();
  if (!oldest.done) entries.delete(oldest.value);
}
