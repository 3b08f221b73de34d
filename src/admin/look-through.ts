/** A page asked for: what follows `after`, at most `limit`. */
export interface WantedPage {
  after?: string;
  limit: number;
}

const PAGE = 500;
/** Records looked at for one answer; a page may come out short, with more to come. */
const LOOKED_AT_MOST = 20_000;

/**
 * A page of the records that are wanted, where the store cannot find them by itself: in its order, with one more where
 * there is more.
 */
export async function lookThrough<Item extends { id: string }>(
  list: (page: WantedPage) => Promise<Item[]>,
  isWanted: (item: Item) => boolean | Promise<boolean>,
  page: WantedPage,
): Promise<Item[]> {
  const found: Item[] = [];
  let { after } = page;
  for (let looked = 0; looked < LOOKED_AT_MOST; looked += PAGE) {
    const items = await list({ ...(after === undefined ? {} : { after }), limit: PAGE });
    for (const item of items) {
      if (!(await isWanted(item))) continue;
      found.push(item);
      if (found.length > page.limit) return found;
    }
    after = items.at(-1)?.id;
    if (items.length < PAGE) break;
  }
  return found;
}
