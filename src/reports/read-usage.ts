import type { NanoUsd } from '../domain/money.ts';
import type { WindowFinder } from '../domain/quota-window.ts';
import { dayOf, OTHER, readCellName } from './cell-names.ts';
import { costOf, type UsageCounts, usageCounts } from './report-counts.ts';
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
  /** Only what was used by these; not with `session`. */
  only?: UsageFilter;
  /** Only so many groups, the dearest over the whole time; the rest is counted together, under {@link OTHER}. */
  top?: number;
}

export type UsageFilter = { readonly [group in Exclude<UsageGroup, 'session'>]?: string };

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

interface UsageCell {
  startsAtMs: number;
  group: UsageRow['group'];
  counts: UsageCounts;
}

function sumUsage(cells: Cells, findWindow: WindowFinder, question: UsageQuestion): UsageReport | undefined {
  const kept = [...readWanted(cells, question)];
  const isKept = question.top === undefined ? () => true : findDearest(kept, question.top);
  const rows = new Map<string, UsageRow>();
  const report: UsageReport = { rows: [], total: usageCounts.create() };
  for (const { startsAtMs, group: own, counts } of kept) {
    const group = isKept(own) ? own : Object.fromEntries(question.groupBy.map((name) => [name, OTHER]));
    const span = findBucket(findWindow, startsAtMs, question);
    const id = `${span.startsAtMs} ${JSON.stringify(group)}`;
    const row = rows.get(id) ?? { ...span, group, counts: usageCounts.create() };
    if (!rows.has(id) && rows.size >= USAGE_ROWS_AT_MOST) return undefined;
    rows.set(id, row);
    usageCounts.add(row.counts, counts);
    usageCounts.add(report.total, counts);
  }
  return { ...report, rows: [...rows].sort(compareRows).map(([, row]) => row) };
}

function* readWanted(cells: Cells, { fromMs, toMs, groupBy, teamId, only = {} }: UsageQuestion): Generator<UsageCell> {
  const names = groupBy.includes('session') ? (['session'] as const) : CELL_GROUPS;
  const wanted = Object.entries(only);
  for (const [name, text] of cells) {
    const { period, group } = readCellName(name);
    const startsAtMs = Number(period);
    if (startsAtMs < fromMs || startsAtMs >= toMs) continue;
    const read = (each: UsageGroup): string | null => group[names.indexOf(each as never)] ?? null;
    if (teamId !== undefined && read('team') !== teamId) continue;
    if (wanted.some(([each, value]) => read(each as UsageGroup) !== value)) continue;
    const counts = usageCounts.read(text);
    yield {
      startsAtMs,
      group: Object.fromEntries(groupBy.map((each) => [each, read(each)])),
      counts,
    };
  }
}

/** Tells the groups that cost the most over the whole time. */
function findDearest(cells: readonly UsageCell[], top: number): (group: UsageRow['group']) => boolean {
  const costs = new Map<string, NanoUsd>();
  for (const { group, counts } of cells) {
    const id = JSON.stringify(group);
    costs.set(id, (costs.get(id) ?? 0n) + costOf(counts));
  }
  const sorted = [...costs].sort(([, one], [, other]) => (one < other ? 1 : one > other ? -1 : 0));
  const dearest = new Set(sorted.slice(0, top).map(([id]) => id));
  return (group) => dearest.has(JSON.stringify(group));
}

function findBucket(findWindow: WindowFinder, atMs: number, { bucket, timezone }: UsageQuestion) {
  if (bucket === 'hour') return { startsAtMs: atMs, endsAtMs: atMs + HOUR_MS };
  const { startsAtMs, endsAtMs = startsAtMs } = findWindow(bucket, atMs, timezone);
  return { startsAtMs, endsAtMs };
}

function compareRows([leftId, left]: [string, UsageRow], [rightId, right]: [string, UsageRow]): number {
  return left.startsAtMs - right.startsAtMs || (leftId < rightId ? -1 : 1);
}
