/** Counts by name. Amounts in nano-dollars. */
export type Counts<Name extends string> = Record<Name, bigint>;

/** How counts of one kind are made, added and written. */
export interface CountsKind<Name extends string> {
  create(): Counts<Name>;
  /** Adds `added` to `sum`. */
  add(sum: Counts<Name>, added: Counts<Name>): void;
  /** Decimal numbers in the order of the names, blanks between, zeros at the end left out. */
  write(counts: Counts<Name>): string;
  /** @throws SyntaxError when the text holds something else. */
  read(text: string): Counts<Name>;
}

/** @param names in the order in which they are written; further ones are added at the end only. */
export function createCountsKind<Name extends string>(names: readonly Name[]): CountsKind<Name> {
  const none = Object.fromEntries(names.map((name) => [name, 0n])) as Counts<Name>;
  // A copy has its shape from the first on: entry by entry that is several times as fast.
  const create = (): Counts<Name> => ({ ...none });
  return {
    create,
    add(sum, added) {
      for (const name of names) if (added[name] !== 0n) sum[name] += added[name];
    },
    write: (counts) =>
      names
        .map((name) => counts[name].toString())
        .join(' ')
        .replace(/( 0)+$/, ''),
    read(text) {
      const counts = create();
      for (const [index, word] of text.split(' ').entries()) {
        const name = names[index];
        if (name !== undefined) counts[name] = BigInt(word);
      }
      return counts;
    },
  };
}
