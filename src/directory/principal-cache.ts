import type { Directory, Principal } from './directory.ts';

/** A change in another replica is announced at once; this bounds the harm of an announcement that was lost. */
const TTL_MS = 5_000;
const MISS_TTL_MS = 1_000;
const ENTRIES_MAX = 10_000;
/** A store that answers within a millisecond still answers for 256,000 new keys a second. */
const STRANGERS_MAX = 256;

export interface PrincipalCacheOptions {
  directory: Pick<Directory, 'findPrincipal' | 'onChange'>;
  /** Milliseconds; only differences are used. */
  now: () => number;
  ttlMs?: number;
  /** How long an unknown hash is remembered as unknown. */
  missTtlMs?: number;
  /** Bound of the found ones, and separately of the unknown ones, so that a flood of wrong keys evicts no right one. */
  entriesMax?: number;
  /**
   * Look-ups at once of hashes that were not found before. One connection can ask with thousands of wrong keys in a row
   * (pipelining), which would all wait for the store, in our memory and in front of what honest callers ask of it.
   */
  strangersMax?: number;
  /** How long after it was last read a principal is still known while the store does not answer; 0 unless given. */
  knownMs?: number;
}

export interface PrincipalCache {
  /**
   * The principal of a secret's hash: at once where it is remembered, which spares nearly every request a turn of waiting.
   * Look-ups of one hash at the same time ask the store once; the promise is rejected with DirectoryUnavailable when the
   * store does not answer. Faults are not remembered.
   * @returns `busy` where the hash was not found before, and as many such ones as may be are being looked up.
   */
  find(secretHash: string): Principal | undefined | 'busy' | Promise<Principal | undefined>;
  /**
   * The principal as it was last read, whatever was announced since without naming its account: for when the store does
   * not answer. Undefined where that is too long ago.
   */
  findKnown(secretHash: string): Principal | undefined;
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
  const { strangersMax = STRANGERS_MAX, knownMs = 0 } = options;
  const found = new Map<string, Entry>();
  const missing = new Map<string, Entry>();
  /** Kept when the connection to the store is lost, at which everything else is dropped. */
  const known = new Map<string, Entry>();
  const flights = new Map<string, Promise<Principal | undefined>>();
  /** Hashes that were found once: they are looked up however many strangers there are. */
  const familiar = new Set<string>();
  let strangers = 0;

  const invalidate = (accountId: string | undefined): void => {
    // A look-up under way may have read what was before the change: nobody new may join it, and it is not remembered.
    flights.clear();
    // The new thing may be a key that was unknown until now.
    missing.clear();
    for (const [hash, entry] of found) {
      if (accountId === undefined || entry.principal?.account.id === accountId) found.delete(hash);
    }
    for (const [hash, entry] of known) if (entry.principal?.account.id === accountId) known.delete(hash);
  };
  directory.onChange(invalidate);

  const remember = (secretHash: string, principal: Principal | undefined): void => {
    const lifeMs = principal === undefined ? missTtlMs : ttlMs;
    put(principal === undefined ? missing : found, secretHash, { principal, endsAtMs: now() + lifeMs }, entriesMax);
    known.delete(secretHash);
    familiar.delete(secretHash);
    if (principal !== undefined) addBounded(familiar, secretHash, entriesMax);
    if (principal !== undefined && knownMs > 0)
      put(known, secretHash, { principal, endsAtMs: now() + knownMs }, entriesMax);
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

  const lookUpStranger = (secretHash: string): Promise<Principal | undefined> | 'busy' => {
    if (strangers >= strangersMax) return 'busy';
    strangers += 1;
    return lookUp(secretHash).finally(() => {
      strangers -= 1;
    });
  };

  return {
    find(secretHash) {
      const entry = found.get(secretHash) ?? missing.get(secretHash);
      if (entry !== undefined && now() < entry.endsAtMs) return entry.principal;
      return flights.get(secretHash) ?? (familiar.has(secretHash) ? lookUp(secretHash) : lookUpStranger(secretHash));
    },
    findKnown(secretHash) {
      const entry = known.get(secretHash);
      return entry !== undefined && now() < entry.endsAtMs ? entry.principal : undefined;
    },
    size: () => found.size + missing.size,
  };
}

/** A map keeps its entries in the order they were set; the oldest goes where there are too many. */
function put(entries: Map<string, Entry>, secretHash: string, entry: Entry, atMost: number): void {
  entries.delete(secretHash);
  entries.set(secretHash, entry);
  dropOldest(entries, atMost);
}

function addBounded(hashes: Set<string>, secretHash: string, atMost: number): void {
  hashes.add(secretHash);
  dropOldest(hashes, atMost);
}

function dropOldest(entries: Map<string, Entry> | Set<string>, atMost: number): void {
  const oldest = entries.keys().next();
  if (entries.size > atMost && !oldest.done) entries.delete(oldest.value);
}
