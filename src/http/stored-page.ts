import type { StoredPage } from '../directory/stored-registry.ts';

const USUAL_LIMIT = 20;
/** The API gives up to 1,000; a page here is asked for one by one, and its client follows to the next. */
const LIMIT_AT_MOST = 100;
const IDS_AT_MOST = 100;
/** As the upstream's ids look; put into a path, they mean themselves. */
export const STORED_ID = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * Reads the query of a list, by either version of the API: `limit`, `after_id`, `before_id`, and of files `page` (a
 * cursor) and `ids`.
 */
export function readStoredPage(query: string): (StoredPage & { ids?: string[] }) | { problem: string } {
  const values = new URLSearchParams(query);
  const limit = Number(values.get('limit') ?? USUAL_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) return { problem: 'limit: it must be from 1 to 1000' };
  const afterId = values.get('after_id') ?? values.get('page') ?? undefined;
  const beforeId = values.get('before_id') ?? undefined;
  const ids = [...new Set([...values.getAll('ids'), ...values.getAll('ids[]')].flatMap((value) => value.split(',')))];
  if (afterId !== undefined && beforeId !== undefined) return { problem: 'after_id and before_id exclude each other' };
  if (ids.length > IDS_AT_MOST) return { problem: `ids: at most ${IDS_AT_MOST}` };
  const cursors = [afterId, beforeId].filter((cursor) => cursor !== undefined);
  if (![...ids, ...cursors].every((id) => STORED_ID.test(id))) return { problem: 'the query names no valid id' };
  return {
    limit: Math.min(limit, LIMIT_AT_MOST),
    ...(afterId === undefined ? {} : { afterId }),
    ...(beforeId === undefined ? {} : { beforeId }),
    ...(ids.length === 0 ? {} : { ids }),
  };
}
