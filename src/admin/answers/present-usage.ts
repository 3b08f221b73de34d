import { stringify } from 'csv-stringify/sync';
import { formatUsd } from '../../domain/money.ts';
import type { UsageGroup, UsageRow } from '../../reports/read-usage.ts';
import { costOf, type UsageCounts, usageCounts } from '../../reports/report-counts.ts';
import type { UsageRowAnswer } from '../schemas/report-schemas.ts';
import { writeTime } from './write-time.ts';

const GROUP_FIELDS = {
  model: 'model',
  team: 'team_id',
  member: 'member_id',
  key: 'key_id',
  session: 'session_id',
} as const satisfies Record<UsageGroup, keyof UsageRowAnswer>;

export function presentUsageRow(row: UsageRow): UsageRowAnswer {
  const groups = Object.entries(row.group) as [UsageGroup, string | null][];
  return {
    starts_at: writeTime(row.startsAtMs),
    ends_at: writeTime(row.endsAtMs),
    ...Object.fromEntries(groups.map(([group, name]) => [GROUP_FIELDS[group], name])),
    ...presentUsageCounts(row.counts),
  };
}

export function presentUsageCounts(counts: UsageCounts) {
  return {
    requests: Number(counts.requests),
    input_tokens: Number(counts.input),
    cache_write_5m_tokens: Number(counts.cache_write_5m),
    cache_write_1h_tokens: Number(counts.cache_write_1h),
    cache_read_tokens: Number(counts.cache_read),
    output_tokens: Number(counts.output),
    web_searches: Number(counts.web_search),
    cost_usd: formatUsd(costOf(counts)),
    refunded_usd: formatUsd(counts.refunded),
    cache_savings_usd: formatUsd(counts.cache_savings),
  };
}

/** One row per bucket and group. Cells that a spreadsheet would run as a formula are escaped: sessions name themselves. */
export function writeUsageCsv(rows: readonly UsageRowAnswer[], groupBy: readonly UsageGroup[]): string {
  const figures = Object.keys(presentUsageCounts(usageCounts.create()));
  return stringify([...rows], {
    header: true,
    columns: ['starts_at', 'ends_at', ...groupBy.map((group) => GROUP_FIELDS[group]), ...figures],
    record_delimiter: 'windows',
    escape_formulas: true,
  });
}
