import type { WindowFinder } from '../domain/quota-window.ts';
import { dayOf, readCellName } from './cell-names.ts';
import { type UsageCounts, usageCounts } from './report-counts.ts';
import type { Cells, ReportStore } from './report-store.ts';

export const USAGE_BUCKETS = ['hour', 'day', 'month'] as const;
export type UsageBucket = (typeof USAGE_BUCKETS)[number];
export const USAGE_GROUPS = ['model', 'team', 'member', 'key', 'session'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

export interface UsageQuestion {
  accountId: string;
  timezone: string;
  /** Hours that begin in it, the end excluded; grouped by session, days. */
  fromMs: number;
  toMs: number;
  bucket: UsageBucket;
  /** Of this team's calls only; sessions are not kept by team. */
  teamId?: string;
  /** `session` stands alone, with days or months. */
  groupBy: readonly UsageGroup[];
}

/** What was used in one bucket by one group. */
export interface UsageRow {
  startsAtMs: number;
  endsAtMs: number;
  group: Partial<Record<UsageGroup, string | null>>;
  counts: UsageCounts;
}

export interface UsageReport {
  /** By time, then by group. */
  rows: UsageRow[];
  total: UsageCounts;
}

/** Rows of one answer. */
export const USAGE_ROWS_AT_MOST = 20_000;
const HOUR_MS = 3_600_000;
/** The order of a usage cell's group: see cell-names.ts. */
const CELL_GROUPS: readonly UsageGroup[] = ['model', 'team', 'member', 'key'];

/**
 * Sums up what was used. The sums must be folded up to where they are wanted.
 * @returns undefined when there would be more than {@link USAGE_ROWS_AT_MOST} rows.
 */
export async function readUsage(
  store: Pick<ReportStore, 'readDays'>,
  findWindow: WindowFinder,
  question: UsageQuestion,
): Promise<UsageReport | undefined> {
  const kind = question.groupBy.includes('session') ? 'sessions' : 'usage';
  const days = { from: dayOf(question.fromMs), to: dayOf(question.toMs - 1) };
  return sumUsage(await store.readDays(question.accountId, kind, days), findWindow, question);
}

function sumUsage(cells: Cells, findWindow: WindowFinder, question: UsageQuestion): UsageReport | undefined {
  const { fromMs, toMs, groupBy } = question;
  const names = groupBy.includes('session') ? (['session'] as const) : CELL_GROUPS;
  const rows = new Map<string, UsageRow>();
  const total = usageCounts.create();
  for (const [name, text] of cells) {
    const { period, group } = readCellName(name);
    const startsAtMs = Number(period);
    if (startsAtMs < fromMs || startsAtMs >= toMs) continue;
    if (question.teamId !== undefined && group[CELL_GROUPS.indexOf('team')] !== question.teamId) continue;
    const counts = usageCounts.read(text);
    const row = rowOf(findBucket(findWindow, startsAtMs, question), groupBy, (each) => {
      return group[names.indexOf(each as never)] ?? null;
    });
    const id = `${row.startsAtMs} ${JSON.stringify(row.group)}`;
    const present = rows.get(id);
    if (present === undefined && rows.size >= USAGE_ROWS_AT_MOST) return undefined;
    if (present === undefined) rows.set(id, row);
    usageCounts.add((present ?? row).counts, counts);
    usageCounts.add(total, counts);
  }
  return { rows: [...rows].sort(compareRows).map(([, row]) => row), total };
}

function rowOf(
  span: { startsAtMs: number; endsAtMs: number },
  groupBy: readonly UsageGroup[],
  read: (group: UsageGroup) => string | null,
): UsageRow {
  const group = Object.fromEntries(groupBy.map((each) => [each, read(each)]));
  return { ...span, group, counts: usageCounts.create() };
}

function findBucket(findWindow: WindowFinder, atMs: number, { bucket, timezone }: UsageQuestion) {
  if (bucket === 'hour') return { startsAtMs: atMs, endsAtMs: atMs + HOUR_MS };
  const { startsAtMs, endsAtMs = startsAtMs } = findWindow(bucket, atMs, timezone);
  return { startsAtMs, endsAtMs };
}

function compareRows([leftId, left]: [string, UsageRow], [rightId, right]: [string, UsageRow]): number {
  return left.startsAtMs - right.startsAtMs || (leftId < rightId ? -1 : 1);
}
