/**
 * A function that writes lists as text, and remembers the text of a list that is frozen for as long as there is the
 * list: what many calls share is written once.
 */
export function createListTexts<Item>(write: (list: readonly Item[]) => string): (list: readonly Item[]) => string {
  const texts = new WeakMap<readonly Item[], string>();
  return (list) => {
    const known = texts.get(list);
    if (known !== undefined) return known;
    const text = write(list);
    if (Object.isFrozen(list)) texts.set(list, text);
    return text;
  };
}
