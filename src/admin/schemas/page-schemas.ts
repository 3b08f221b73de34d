import { type TSchema, Type } from 'typebox';
import { idField } from './fields.ts';

export const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

/** `?limit&after` of every list but the journal's. */
export const pageQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE })),
    after: Type.Optional({ ...idField, description: 'Id of the last record of the page before.' }),
  },
  { additionalProperties: false },
);

export interface PageQuery {
  limit?: number;
  after?: string;
}

export interface PageAnswer<Item> {
  data: Item[];
  has_more: boolean;
  /** Given where there is more: the `after` of the next page. */
  next_after?: string;
}

/** The page asked for, its limit filled in. */
export function readPage(query: PageQuery): { limit: number; after?: string } {
  return { limit: query.limit ?? DEFAULT_PAGE, ...(query.after === undefined ? {} : { after: query.after }) };
}

/** Makes a page of `limit` out of one record more than that. */
export function answerPage<Item extends { id: string }>(items: readonly Item[], limit: number): PageAnswer<Item> {
  const data = items.slice(0, limit);
  const last = data.at(-1);
  const hasMore = items.length > limit;
  return { data, has_more: hasMore, ...(hasMore && last !== undefined ? { next_after: last.id } : {}) };
}

/** A page of a list that is all there; after an id that is not in it there is nothing. */
export function cutPage<Item extends { id: string }>(items: readonly Item[], query: PageQuery): PageAnswer<Item> {
  const { limit, after } = readPage(query);
  const from = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1;
  return answerPage(after !== undefined && from === 0 ? [] : items.slice(from, from + limit + 1), limit);
}

/** The schema of a page of what `$ref` names. */
export function pageOf(item: TSchema): TSchema {
  return Type.Object(
    { data: Type.Array(item), has_more: Type.Boolean(), next_after: Type.Optional(Type.String()) },
    { additionalProperties: false },
  );
}
