import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { JournalEntry } from '../data/api-types.ts';
import { useAccountId } from '../data/context.ts';
import { toNano } from '../data/money.ts';
import { useNames } from '../data/names.ts';
import { html } from '../html.ts';
import { EntryDetail } from './entry-detail.ts';
import { Money } from './money.ts';
import { type Column, Table } from './table.ts';
import { Time } from './time.ts';

/** What each operation is called by people. */
const OPERATIONS: Readonly<Record<string, string>> = {
  open: 'Account opened',
  policy: 'Terms changed',
  close: 'Account closed',
  grant: 'Credit added',
  void: 'Credit taken back',
  hold: 'Held',
  extend: 'Hold enlarged',
  settle: 'Call charged',
  late: 'Call charged late',
  release: 'Hold given back',
  reclaim: 'Hold taken back',
  refund: 'Given back',
  charge: 'Charged by correction',
  tick: 'Credit expired or begun',
};

interface EntryTableProps {
  entries: readonly JournalEntry[];
  /** Whether their receipts are shown at once. */
  isOpen?: boolean;
  withoutKey?: boolean;
}

export function EntryTable({ entries, isOpen = false, withoutKey = false }: EntryTableProps): VNode {
  const accountId = useAccountId();
  const [turned, setTurned] = useState<ReadonlySet<number>>(new Set());
  const keyOf = ({ details }: JournalEntry): string | undefined => details?.key_id as string | undefined;
  const nameOf = useNames(accountId, 'key', withoutKey ? [] : entries.map(keyOf));
  const isShown = ({ sequence }: JournalEntry): boolean => turned.has(sequence) !== isOpen;
  const turn = ({ sequence }: JournalEntry): void => {
    const next = new Set(turned);
    if (!next.delete(sequence)) next.add(sequence);
    setTurned(next);
  };
  const columns: Column<JournalEntry>[] = [
    { id: 'sequence', label: 'No.', isFigure: true, cell: ({ sequence }) => `${sequence}` },
    { id: 'at', label: 'When', cell: ({ at }) => html`<${Time} at=${at} />` },
    {
      id: 'what',
      label: 'What',
      cell: (
        entry,
      ) => html`<button type="button" class="disclose" aria-expanded=${isShown(entry)} onClick=${() => turn(entry)}>${OPERATIONS[entry.operation] ?? entry.operation}</button>
        ${marks(entry)}`,
    },
    { id: 'model', label: 'Model', cell: ({ details }) => `${details?.model ?? details?.requested_model ?? ''}` },
    {
      id: 'amount',
      label: 'Amount',
      isFigure: true,
      cell: (entry) => html`${sign(entry)}<${Money} usd=${entry.amount_usd} places=${6} />`,
    },
  ];
  if (!withoutKey) {
    columns.splice(4, 0, {
      id: 'key',
      label: 'Key',
      cell: (entry) => (keyOf(entry) === undefined ? '' : nameOf(keyOf(entry) as string)),
    });
  }
  return html`<${Table} caption="Journal entries, the newest first" columns=${columns} rows=${entries} rowId=${({ sequence }: JournalEntry) => `${sequence}`}
    detail=${(entry: JournalEntry) => (isShown(entry) ? html`<${EntryDetail} entry=${entry} />` : null)} />`;
}

function marks({ details = {} }: JournalEntry): VNode | null {
  const words = [
    details.basis === 'estimated' && 'estimate',
    details.doubtful === true && 'doubtful',
    details.client_gone === true && 'client gone',
  ].filter(Boolean);
  return words.length === 0 ? null : html`${words.map((word) => html` <span class="tag tag-warn">${word}</span>`)}`;
}

/** As it moves what the account has. */
function sign({ operation, amount_usd: amount }: JournalEntry): string {
  if (toNano(amount) === 0n) return '';
  if (['settle', 'late', 'charge', 'void'].includes(operation)) return '−';
  return ['grant', 'refund'].includes(operation) ? '+' : '';
}
