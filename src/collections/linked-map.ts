/**
 * A map that keeps the order in which its keys were first set, for entries that come and go with every call.
 *
 * The language's own Map and Set leave their old table behind each time they are made anew, as adding and deleting does
 * all the time, and every old table points to the next. One that has become old keeps alive, until the next full
 * collection, all that came after it and whatever the entries refer to: of a call, all that belongs to it. Here an entry
 * that is deleted refers to nothing, and nothing refers to it. Source: V8, src/objects/ordered-hash-table.cc, Rehash.
 */
export interface LinkedMap<V> {
  readonly size: number;
  get(key: string): V | undefined;
  has(key: string): boolean;
  /** A key that is there keeps its place. */
  set(key: string, value: V): void;
  /** The same, and the key comes to be the last. */
  setLast(key: string, value: V): void;
  /** @returns whether it was there. */
  delete(key: string): boolean;
  /** The first key; undefined where there is none. */
  firstKey(): string | undefined;
  /** The oldest value that is wanted; undefined where there is none. The map must not change meanwhile. */
  find(isWanted: (value: V) => boolean): V | undefined;
  /** What there is at the moment, oldest first. */
  values(): V[];
  clear(): void;
}

interface Entry<V> {
  key: string;
  hash: number;
  value: V;
  /** Others whose hash falls into the same bucket. */
  next: Entry<V> | undefined;
  before: Entry<V> | undefined;
  after: Entry<V> | undefined;
}

type Buckets<V> = (Entry<V> | undefined)[];

const BUCKETS_FIRST = 64;

export function createLinkedMap<V>(): LinkedMap<V> {
  let buckets: Buckets<V> = createBuckets(BUCKETS_FIRST);
  let first: Entry<V> | undefined;
  let last: Entry<V> | undefined;
  let size = 0;

  const link = (entry: Entry<V>): void => {
    entry.before = last;
    if (last === undefined) first = entry;
    else last.after = entry;
    last = entry;
  };
  const unlink = (entry: Entry<V>): void => {
    if (entry.before === undefined) first = entry.after;
    else entry.before.after = entry.after;
    if (entry.after === undefined) last = entry.before;
    else entry.after.before = entry.before;
    entry.before = undefined;
    entry.after = undefined;
  };
  /** @returns the entry of the key, the last one where it is new. */
  const put = (key: string, value: V): Entry<V> => {
    const hash = hashOf(key);
    const present = lookUp(buckets, key, hash);
    if (present !== undefined) {
      present.value = value;
      return present;
    }
    const entry: Entry<V> = { key, hash, value, next: undefined, before: undefined, after: undefined };
    putIn(buckets, entry);
    link(entry);
    size += 1;
    if (size > buckets.length) buckets = moveAll(buckets);
    return entry;
  };
  return {
    get size() {
      return size;
    },
    get: (key) => lookUp(buckets, key, hashOf(key))?.value,
    has: (key) => lookUp(buckets, key, hashOf(key)) !== undefined,
    set: (key, value) => void put(key, value),
    setLast(key, value) {
      const entry = put(key, value);
      if (entry === last) return;
      unlink(entry);
      link(entry);
    },
    firstKey: () => first?.key,
    delete(key) {
      const entry = takeOut(buckets, key, hashOf(key));
      if (entry === undefined) return false;
      unlink(entry);
      size -= 1;
      return true;
    },
    find(isWanted) {
      for (let entry = first; entry !== undefined; entry = entry.after) if (isWanted(entry.value)) return entry.value;
      return undefined;
    },
    values() {
      const found: V[] = [];
      for (let entry = first; entry !== undefined; entry = entry.after) found.push(entry.value);
      return found;
    },
    clear() {
      buckets = createBuckets(BUCKETS_FIRST);
      while (first !== undefined) unlink(first);
      size = 0;
    },
  };
}

function createBuckets<V>(count: number): Buckets<V> {
  return new Array<Entry<V> | undefined>(count).fill(undefined);
}

/** Twice as many buckets. There are never fewer again: what was needed once will be. */
function moveAll<V>(buckets: Buckets<V>): Buckets<V> {
  const moved = createBuckets<V>(buckets.length * 2);
  for (const head of buckets) {
    let entry = head;
    while (entry !== undefined) {
      const { next } = entry;
      putIn(moved, entry);
      entry = next;
    }
  }
  return moved;
}

function putIn<V>(buckets: Buckets<V>, entry: Entry<V>): void {
  const at = entry.hash & (buckets.length - 1);
  entry.next = buckets[at];
  buckets[at] = entry;
}

function lookUp<V>(buckets: Buckets<V>, key: string, hash: number): Entry<V> | undefined {
  let entry = buckets[hash & (buckets.length - 1)];
  while (entry !== undefined && (entry.hash !== hash || entry.key !== key)) entry = entry.next;
  return entry;
}

function takeOut<V>(buckets: Buckets<V>, key: string, hash: number): Entry<V> | undefined {
  const at = hash & (buckets.length - 1);
  let before: Entry<V> | undefined;
  let entry = buckets[at];
  while (entry !== undefined && (entry.hash !== hash || entry.key !== key)) {
    before = entry;
    entry = entry.next;
  }
  if (entry === undefined) return undefined;
  if (before === undefined) buckets[at] = entry.next;
  else before.next = entry.next;
  entry.next = undefined;
  return entry;
}

/** Of a longer key the end alone is hashed: keys are ids and names that end in one, and there an id is random. */
const HASHED_CHARACTERS = 16;

/** FNV-1a over the UTF-16 units (http://www.isthe.com/chongo/tech/comp/fnv/). */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = Math.max(0, key.length - HASHED_CHARACTERS); index < key.length; index += 1)
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
