import type { VNode } from 'preact';
import type { OpenCall } from '../data/api-types.ts';
import { toNano } from '../data/money.ts';
import { useNames } from '../data/names.ts';
import { formatAge, formatCount } from '../data/words.ts';
import { html } from '../html.ts';
import { Money } from './money.ts';
import { type Column, Table } from './table.ts';

interface CallTableProps {
  calls: readonly OpenCall[];
  /** Of which these are the newest. */
  open: number;
  accountId: string;
  nowMs: number;
  /** Those of one key need not say whose they are. */
  withoutKey?: boolean;
}

export function CallTable({ calls, open, accountId, nowMs, withoutKey = false }: CallTableProps): VNode {
  const nameOf = useNames(accountId, 'key', withoutKey ? [] : calls.map((call) => call.key_id));
  const count = (value: number | null): string => (value === null ? '–' : formatCount(value));
  const key: Column<OpenCall> = { id: 'key', label: 'Key', cell: ({ key_id: id }) => (id === null ? '–' : nameOf(id)) };
  const columns: Column<OpenCall>[] = [
    {
      id: 'model',
      label: 'Model',
      cell: ({ model, request_id: id }) =>
        html`${model ?? 'in another process'}<span class="cell-sub mono">${id ?? ''}</span>`,
    },
    ...(withoutKey ? [] : [key]),
    {
      id: 'age',
      label: 'Age',
      isFigure: true,
      sortBy: (call) => -Date.parse(call.started_at),
      cell: (call) => formatAge(call.started_at, nowMs),
    },
    {
      id: 'in',
      label: 'Tokens in',
      isFigure: true,
      sortBy: (call) => call.input_tokens ?? 0,
      cell: (call) => count(call.input_tokens),
    },
    {
      id: 'out',
      label: 'Tokens out so far',
      isFigure: true,
      sortBy: (call) => call.output_tokens ?? 0,
      cell: (call) => count(call.output_tokens),
    },
    {
      id: 'held',
      label: 'Held',
      isFigure: true,
      sortBy: (call) => toNano(call.held_usd),
      cell: (call) => html`<${Money} usd=${call.held_usd} places=${4} />`,
    },
  ];
  return html`
    <${Table} caption="Calls in flight" columns=${columns} rows=${calls} rowId=${(call: OpenCall) => call.hold_id} />
    ${open > calls.length ? html`<p class="note">The newest ${calls.length} of ${open}.</p>` : null}`;
}
