import type { VNode } from 'preact';
import { withQuery } from '../data/api.ts';
import type { Usage, UsageFigures, UsageRow } from '../data/api-types.ts';
import { sumUsd, toNano } from '../data/money.ts';
import { groupOf, type NameOf, useRowNames } from '../data/row-names.ts';
import type { GroupBy } from '../data/usage-view.ts';
import { formatCount } from '../data/words.ts';
import { html } from '../html.ts';
import { Money } from './money.ts';
import { Empty } from './states.ts';
import { type Column, Table } from './table.ts';

const COUNTS = [
  ['requests', 'Calls'],
  ['input_tokens', 'Input'],
  ['cache_write_5m_tokens', 'Written 5 min'],
  ['cache_write_1h_tokens', 'Written 1 h'],
  ['cache_read_tokens', 'Read'],
  ['output_tokens', 'Output'],
  ['web_searches', 'Searches'],
] as const;
const AMOUNTS = [
  ['cache_savings_usd', 'Saved'],
  ['refunded_usd', 'Given back'],
  ['cost_usd', 'Cost'],
] as const;

interface UsageTableProps {
  usage: Usage;
  groupBy: GroupBy;
  /** For those who have no page to look closer on. */
  isPlain?: boolean;
}

/** One row per group, over the whole time; the months that the answer has are added up. */
export function UsageTable({ usage, groupBy, isPlain = false }: UsageTableProps): VNode {
  const rows = addMonths(usage.data, groupBy);
  const nameOf = useRowNames(rows, groupBy);
  if (rows.length === 0) return html`<${Empty} title="Nothing was used in this time" />`;
  const isShown = (name: keyof UsageFigures): boolean =>
    name === 'cost_usd' || name === 'requests' || !isZero(usage.total[name]);
  const columns: Column<UsageRow>[] = [
    {
      id: 'name',
      label: 'Name',
      sortBy: nameOf,
      cell: (row) => (isPlain ? nameOf(row) : nameCell(row, groupBy, nameOf)),
    },
    ...COUNTS.filter(([name]) => isShown(name)).map(([name, label]) => ({
      ...{ id: name, label, isFigure: true },
      sortBy: (row: UsageRow) => row[name],
      cell: (row: UsageRow) => formatCount(row[name]),
    })),
    ...AMOUNTS.filter(([name]) => isShown(name)).map(([name, label]) => ({
      ...{ id: name, label, isFigure: true },
      sortBy: (row: UsageRow) => toNano(row[name]),
      cell: (row: UsageRow) => html`<${Money} usd=${row[name]} places=${4} />`,
    })),
  ];
  const foot = html`<tr><th scope="row">All</th>
    ${COUNTS.filter(([name]) => isShown(name)).map(([name]) => html`<td class="figure-cell">${formatCount(usage.total[name])}</td>`)}
    ${AMOUNTS.filter(([name]) => isShown(name)).map(([name]) => html`<td class="figure-cell"><${Money} usd=${usage.total[name]} places=${4} /></td>`)}
  </tr>`;
  return html`<${Table} caption="Usage by ${groupBy}" columns=${columns} rows=${rows} rowId=${(row: UsageRow) => `${groupOf(row, groupBy)}`} foot=${foot} />`;
}

function nameCell(row: UsageRow, groupBy: GroupBy, nameOf: NameOf): VNode | string {
  const id = groupOf(row, groupBy);
  if (id === null || id === 'other') return nameOf(row);
  const query = Object.fromEntries(new URLSearchParams(location.search));
  const next = groupBy === 'team' ? 'key' : groupBy === 'model' ? 'key' : 'model';
  const name = groupBy === 'model' ? 'model' : `${groupBy}_id`;
  return html`<a data-page href=${withQuery('/usage', { ...query, [name]: id, by: next })}>${nameOf(row)}</a>`;
}

function isZero(value: string | number): boolean {
  return typeof value === 'number' ? value === 0 : toNano(value) === 0n;
}

function addMonths(rows: readonly UsageRow[], groupBy: GroupBy): UsageRow[] {
  const sums = new Map<string | null, UsageRow>();
  for (const row of rows) {
    const id = groupOf(row, groupBy);
    const sum = sums.get(id);
    sums.set(id, sum === undefined ? { ...row } : addRow(sum, row));
  }
  return [...sums.values()].sort((one, other) => (toNano(one.cost_usd) < toNano(other.cost_usd) ? 1 : -1));
}

function addRow(sum: UsageRow, row: UsageRow): UsageRow {
  const counts = COUNTS.map(([name]) => [name, sum[name] + row[name]]);
  const amounts = AMOUNTS.map(([name]) => [name, sumUsd([sum[name], row[name]])]);
  return { ...sum, ...Object.fromEntries([...counts, ...amounts]) };
}
