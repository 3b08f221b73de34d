import type { UsageRow } from './api-types.ts';
import { useAccountId } from './context.ts';
import { useNames } from './names.ts';
import type { GroupBy } from './usage-view.ts';

export type NameOf = (row: UsageRow) => string;

const NOBODY = { model: 'unknown', team: 'no team', member: 'no member', key: 'no key' } as const;

/** The id by which a row is grouped; null: of none. */
export function groupOf(row: UsageRow, groupBy: GroupBy): string | null {
  return (groupBy === 'model' ? row.model : row[`${groupBy}_id`]) ?? null;
}

/** What rows are called: by the names of whom they are. */
export function useRowNames(rows: readonly UsageRow[], groupBy: GroupBy): NameOf {
  const accountId = useAccountId();
  const ids = groupBy === 'model' ? [] : rows.map((row) => groupOf(row, groupBy));
  const nameOf = useNames(accountId, groupBy === 'model' ? 'key' : groupBy, ids);
  return (row) => {
    const id = groupOf(row, groupBy);
    if (id === null) return NOBODY[groupBy];
    if (id === 'other') return 'all others';
    return groupBy === 'model' ? id : nameOf(id);
  };
}
