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
  /** Every value `find` can return. */
  all: readonly string[];
}

/** @param onFold called each time a name outside the rate card was folded. */
export function createModelLabels(models: Iterable<NamedModel>, onFold: () => void): ModelLabels {
  const ids = new Map<string, string>();
  for (const model of models) {
    for (const name of [model.id, ...model.aliases]) ids.set(name, model.id);
  }
  return {
    all: [...new Set(ids.values()), OTHER_MODEL],
    find(model) {
      const id = ids.get(model);
      if (id === undefined) onFold();
      return id ?? OTHER_MODEL;
    },
  };
}
