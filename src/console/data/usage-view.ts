/** What the usage page shows, as its address has it: so it can be sent to somebody. */
export interface UsageView {
  period: Period;
  from: string;
  to: string | undefined;
  bucket: 'hour' | 'day' | 'month';
  groupBy: GroupBy;
  filter: Partial<Record<FilterName, string>>;
}

export const PERIODS = [
  { value: '1', label: 'Last 24 hours' },
  { value: '7', label: 'Last 7 days' },
  { value: '30', label: 'Last 30 days' },
  { value: '90', label: 'Last 90 days' },
  { value: '365', label: 'Last year' },
  { value: 'own', label: 'From … to …' },
] as const;
export type Period = (typeof PERIODS)[number]['value'];

export const GROUPS = [
  { value: 'model', label: 'Model' },
  { value: 'team', label: 'Team' },
  { value: 'member', label: 'Member' },
  { value: 'key', label: 'Key' },
] as const;
export type GroupBy = (typeof GROUPS)[number]['value'];

export const FILTERS = ['model', 'team_id', 'member_id', 'key_id'] as const;
export type FilterName = (typeof FILTERS)[number];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LONG_DAYS = 120;

export function readUsageView(query: URLSearchParams, nowMs = Date.now()): UsageView {
  const period = PERIODS.find(({ value }) => value === query.get('period'))?.value ?? '30';
  const { from, to } = readSpan(query, period, nowMs);
  const days = ((to === undefined ? nowMs : Date.parse(to)) - Date.parse(from)) / DAY_MS;
  const filter = FILTERS.flatMap((name) => (query.get(name) ? [[name, query.get(name)]] : []));
  return {
    period,
    from,
    to,
    bucket: days <= 2 ? 'hour' : days <= LONG_DAYS ? 'day' : 'month',
    groupBy: GROUPS.find(({ value }) => value === query.get('by'))?.value ?? 'model',
    filter: Object.fromEntries(filter),
  };
}

/** From the beginning of an hour, so that what is asked for is the same for a while. */
function readSpan(query: URLSearchParams, period: Period, nowMs: number): { from: string; to: string | undefined } {
  const [from, to] = [readDay(query.get('from')), readDay(query.get('to'))];
  if (period === 'own' && from !== undefined) {
    const last = to ?? new Date(nowMs);
    // The day named last is in it.
    const end = new Date(last.getFullYear(), last.getMonth(), last.getDate() + 1);
    return { from: from.toISOString(), to: end > from ? end.toISOString() : undefined };
  }
  const days = period === 'own' ? 30 : Number(period);
  return { from: new Date(Math.floor(nowMs / HOUR_MS) * HOUR_MS - days * DAY_MS).toISOString(), to: undefined };
}

/** Midnight of a day ("2026-11-30") where the reader is. */
function readDay(text: string | null): Date | undefined {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text ?? '') ?? [];
  return day === undefined ? undefined : new Date(Number(year), Number(month) - 1, Number(day));
}
