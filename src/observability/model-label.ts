/** A model of the rate card, by the names it goes by. */
export interface NamedModel {
  id: string;
  aliases: readonly string[];
}

/** The label of every model outside the rate card: callers choose model names, so the names cannot all be labels. */
export const OTHER_MODEL = 'other';

export interface ModelLabels {
  /** The id of a rate card's model by any of its names; {@link OTHER_MODEL} for the rest. */
  find(model: string): string;
  /** Every value `find` can return until models are added. */
  all: readonly string[];
  /** Models of a card loaded later get labels too, and those that it lacks keep theirs: their series go on. */
  add(models: Iterable<NamedModel>): void;
}

/** Models with labels over all cards that a process loads. */
const MODELS_AT_MOST = 1_000;

/** @param onFold called each time a name outside the rate card was folded. */
export function createModelLabels(models: Iterable<NamedModel>, onFold: () => void): ModelLabels {
  const ids = new Map<string, string>();
  const labels = new Set<string>();
  const add = (added: Iterable<NamedModel>): void => {
    for (const { id, aliases } of added) {
      if (!labels.has(id) && labels.size >= MODELS_AT_MOST) continue;
      labels.add(id);
      for (const name of [id, ...aliases]) ids.set(name, id);
    }
  };
  add(models);
  return {
    all: [...labels, OTHER_MODEL],
    add,
    find(model) {
      const id = ids.get(model);
      if (id === undefined) onFold();
      return id ?? OTHER_MODEL;
    },
  };
}
