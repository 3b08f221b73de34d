import type { CliSession } from './cli-session.ts';

/** The largest page that the admin API gives. */
const PAGE = 200;

/** Every record of a list of the admin API, page by page. */
export async function* listAll<Row extends { id: string }>(
  session: Pick<CliSession, 'call'>,
  path: readonly string[],
  query: { readonly [name: string]: string } = {},
): AsyncGenerator<Row> {
  for (let after: string | undefined; ; ) {
    const { json } = await session.call({ method: 'GET', path, query: { ...query, limit: PAGE, after } });
    const { data, next_after: next } = json as { data: Row[]; next_after?: string };
    yield* data;
    if (next === undefined) return;
    after = next;
  }
}
