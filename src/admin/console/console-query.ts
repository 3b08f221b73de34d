import { parseTime } from '../../domain/parse-time.ts';
import type { AccountsGroup } from '../../reports/accounts-rows.ts';

/** What a report of the Console is asked for, understood. */
export interface ConsoleQuery {
  /** Of this page. */
  fromMs: number;
  toMs: number;
  bucketMs: number;
  /** Where the next page begins; undefined: this is the last. */
  nextMs: number | undefined;
  groupBy: ReadonlySet<string>;
  /** Undefined: all. */
  workspaceIds: string[] | undefined;
  /** What else is asked for. */
  only: Partial<Record<AccountsGroup, ReadonlySet<string>>>;
}

/** How a report may be asked. */
export interface ConsoleReportKind {
  /** Buckets of a page by width: without a limit, and at most. */
  widths: { readonly [width: string]: { ms: number; default: number; most: number } };
  groups: readonly string[];
  filters: { readonly [parameter: string]: ConsoleFilter };
}

interface ConsoleFilter {
  group: AccountsGroup;
  /** Undefined: any. */
  values?: readonly string[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY = { ms: 24 * HOUR_MS, default: 7, most: 31 };

/** Source: platform.claude.com/docs, Admin API, Get Messages Usage Report, and the types of its SDK. */
export const USAGE_REPORT: ConsoleReportKind = {
  widths: {
    '1d': DAY,
    '1h': { ms: HOUR_MS, default: 24, most: 168 },
    '1m': { ms: MINUTE_MS, default: 60, most: 1_440 },
  },
  groups: [
    ...['api_key_id', 'workspace_id', 'model', 'service_tier', 'context_window', 'inference_geo', 'speed'],
    ...['account_id', 'service_account_id'],
  ],
  filters: {
    api_key_ids: { group: 'key' },
    workspace_ids: { group: 'account' },
    models: { group: 'model' },
    service_tiers: {
      group: 'serviceTier',
      values: ['batch', 'flex', 'flex_discount', 'priority', 'priority_on_demand', 'standard'],
    },
    context_window: { group: 'contextWindow', values: ['0-200k', '200k-1M'] },
    inference_geos: { group: 'inferenceGeo', values: ['global', 'us', 'not_available'] },
    speeds: { group: 'speed', values: ['standard', 'fast'] },
  },
};

/** Source: platform.claude.com/docs, Admin API, Get Cost Report. */
export const COST_REPORT: ConsoleReportKind = {
  widths: { '1d': DAY },
  groups: ['workspace_id', 'description', 'inference_geo', 'speed'],
  filters: {},
};

const VALUES_AT_MOST = 200;
const PAGE_PREFIX = 'page_';

/** A page token: where the page begins. */
export function writePage(atMs: number): string {
  return `${PAGE_PREFIX}${Buffer.from(new Date(atMs).toISOString()).toString('base64url')}`;
}

/** @returns a sentence that says what is wrong instead, beginning with the parameter's name. */
export function readConsoleQuery(query: unknown, kind: ConsoleReportKind, nowMs: number): ConsoleQuery | string {
  const lists = readLists(query);
  const unknown = [...lists.keys()].find((name) => !isKnown(name, kind));
  if (unknown !== undefined) return `${unknown}: Tollgate keeps no such figures, or there is no such parameter`;
  const long = [...lists].find(([, values]) => values.length > VALUES_AT_MOST);
  if (long !== undefined) return `${long[0]}: at most ${VALUES_AT_MOST} values`;
  const group = lists.get('group_by')?.find((name) => !kind.groups.includes(name));
  if (group !== undefined) return `group_by: must be of ${kind.groups.join(', ')}`;
  const wrong = [...lists].find(([name, values]) => !values.every((value) => mayBe(kind.filters[name], value)));
  if (wrong !== undefined) return `${wrong[0]}: must be of ${kind.filters[wrong[0]]?.values?.join(', ')}`;
  const span = readSpan(lists, kind, nowMs);
  if (typeof span === 'string') return span;
  return {
    ...span,
    groupBy: new Set(lists.get('group_by')),
    workspaceIds: lists.get('workspace_ids'),
    only: Object.fromEntries(
      Object.entries(kind.filters).flatMap(([name, { group }]) => {
        const values = lists.get(name);
        return values === undefined || group === 'account' ? [] : [[group, new Set(values)]];
      }),
    ),
  };
}

function mayBe(filter: ConsoleFilter | undefined, value: string): boolean {
  return filter?.values === undefined || filter.values.includes(value);
}

const SINGLES = ['starting_at', 'ending_at', 'bucket_width', 'limit', 'page'];

function isKnown(name: string, kind: ConsoleReportKind): boolean {
  return SINGLES.includes(name) || name === 'group_by' || Object.hasOwn(kind.filters, name);
}

/** `name[]=a&name[]=b` and `name=a` alike. */
function readLists(query: unknown): Map<string, string[]> {
  const lists = new Map<string, string[]>();
  for (const [name, value] of Object.entries(query as { [name: string]: string | string[] })) {
    const plain = name.replace(/\[\]$/, '');
    lists.set(plain, [...(lists.get(plain) ?? []), ...[value].flat()]);
  }
  return lists;
}

function readSpan(
  lists: ReadonlyMap<string, string[]>,
  kind: ConsoleReportKind,
  nowMs: number,
): Pick<ConsoleQuery, 'fromMs' | 'toMs' | 'bucketMs' | 'nextMs'> | string {
  const twice = SINGLES.find((name) => (lists.get(name)?.length ?? 0) > 1);
  if (twice !== undefined) return `${twice}: is given more than once`;
  const [starting, ending, widthName = '1d', limitText, page] = SINGLES.map((name) => lists.get(name)?.[0]);
  const width = Object.hasOwn(kind.widths, widthName) ? kind.widths[widthName] : undefined;
  if (width === undefined) return `bucket_width: must be ${Object.keys(kind.widths).join(' or ')}`;
  const startMs = starting === undefined ? undefined : parseTime(starting);
  if (startMs === undefined) return 'starting_at: must be an RFC 3339 time with a zone';
  const endMs = ending === undefined ? Math.ceil((nowMs + 1) / width.ms) * width.ms : parseTime(ending);
  if (endMs === undefined) return 'ending_at: must be an RFC 3339 time with a zone';
  const limit = limitText === undefined ? width.default : Number(/^\d{1,4}$/.test(limitText) ? limitText : 0);
  if (limit < 1 || limit > width.most) return `limit: must be 1 to ${width.most}`;

  const firstMs = Math.floor(startMs / width.ms) * width.ms;
  const lastMs = Math.floor(endMs / width.ms) * width.ms;
  const fromMs = page === undefined ? firstMs : readPage(page);
  const isOfThis = fromMs !== undefined && fromMs >= firstMs && fromMs % width.ms === 0;
  if (!isOfThis) return 'page: is no next_page of this report';
  const toMs = Math.max(fromMs, Math.min(lastMs, fromMs + limit * width.ms));
  return { fromMs, toMs, bucketMs: width.ms, nextMs: toMs < lastMs ? toMs : undefined };
}

function readPage(page: string): number | undefined {
  if (!page.startsWith(PAGE_PREFIX)) return undefined;
  return parseTime(Buffer.from(page.slice(PAGE_PREFIX.length), 'base64url').toString());
}
