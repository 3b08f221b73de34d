/**
 * What belongs to each set of label values, found by the values one after the other: without a text or an object made
 * of them at each look, of which a call has some twenty. Whoever gives the values bounds them.
 */
export class LabelTree<Leaf> {
  readonly #create: (values: readonly string[]) => Leaf;
  readonly #above: readonly string[];
  readonly #leaves = new Map<string, Leaf>();
  readonly #branches = new Map<string, LabelTree<Leaf>>();
  #only: Leaf | undefined;

  /** @param create makes what belongs to values that are looked for the first time. */
  constructor(create: (values: readonly string[]) => Leaf, above: readonly string[] = []) {
    this.#create = create;
    this.#above = above;
  }

  find(first?: string, second?: string, third?: string, fourth?: string): Leaf {
    if (first === undefined) {
      this.#only ??= this.#create(this.#above);
      return this.#only;
    }
    return second === undefined ? this.#leaf(first) : this.#branch(first).find(second, third, fourth);
  }

  #leaf(value: string): Leaf {
    let leaf = this.#leaves.get(value);
    if (leaf === undefined) {
      leaf = this.#create([...this.#above, value]);
      this.#leaves.set(value, leaf);
    }
    return leaf;
  }

  #branch(value: string): LabelTree<Leaf> {
    let branch = this.#branches.get(value);
    if (branch === undefined) {
      branch = new LabelTree(this.#create, [...this.#above, value]);
      this.#branches.set(value, branch);
    }
    return branch;
  }
}

/** The values under their names, as the client library takes them. */
export function nameLabels(names: readonly string[], values: readonly string[]): { [label: string]: string } {
  if (values.length !== names.length)
    throw new TypeError(`labels ${names.join(', ')} were given ${values.length} values`);
  return Object.fromEntries(names.map((name, index) => [name, values[index] as string]));
}
