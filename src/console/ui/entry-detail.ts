import type { VNode } from 'preact';
import { withQuery } from '../data/api.ts';
import type { JournalEntry } from '../data/api-types.ts';
import { formatCount } from '../data/words.ts';
import { html } from '../html.ts';
import { Money } from './money.ts';
import { type Column, Table } from './table.ts';

interface ReceiptLine {
  model: string;
  class: string;
  quantity: number;
  usd_each: string;
  usd: string;
}

/** Shown as a table or elsewhere in the row. */
const SHOWN_ELSEWHERE = new Set(['receipt', 'tokens', 'key_id', 'model']);

/** What an entry says: its receipt, where the money went, and the facts of the call. */
export function EntryDetail({ entry }: { entry: JournalEntry }): VNode {
  const { details = {}, terms = {}, postings } = entry;
  const receipt = Array.isArray(details.receipt) ? (details.receipt as ReceiptLine[]) : [];
  const facts = [...Object.entries(terms), ...Object.entries(details)].filter(([name]) => !SHOWN_ELSEWHERE.has(name));
  const request = details.request_id;
  return html`<div class="entry-detail">
    ${receipt.length === 0 ? null : html`<${Receipt} lines=${receipt} total=${entry.amount_usd} sequence=${entry.sequence} />`}
    ${postings.length === 0 ? null : html`<div><h3>Postings</h3><ul class="postings">${postings.map(({ kind, grant_id: grant, amount_usd: amount }) => html`<li>${kind.replace('_', ' ')} <${Money} usd=${amount} places=${9} /> <span class="note mono">${grant ?? ''}</span></li>`)}</ul></div>`}
    <dl class="facts">
      <div><dt>subject</dt><dd class="mono">${entry.subject_id}</dd></div>
      ${facts.map(([name, value]) => html`<div><dt>${name.replaceAll('_', ' ')}</dt><dd class="mono">${typeof value === 'string' ? value : JSON.stringify(value)}</dd></div>`)}
    </dl>
    ${typeof request === 'string' && location.pathname === '/journal' ? html`<p><a data-page href=${withQuery('/journal', { account: new URLSearchParams(location.search).get('account') ?? undefined, request })}>All entries of this call</a></p>` : null}
  </div>`;
}

function Receipt({
  lines,
  total,
  sequence,
}: {
  lines: readonly ReceiptLine[];
  total: string;
  sequence: number;
}): VNode {
  const columns: Column<ReceiptLine>[] = [
    { id: 'class', label: 'Class', cell: (line) => line.class.replaceAll('_', ' ') },
    { id: 'model', label: 'Model', cell: (line) => line.model },
    { id: 'quantity', label: 'Quantity', isFigure: true, cell: (line) => formatCount(line.quantity) },
    { id: 'each', label: 'Each', isFigure: true, cell: (line) => html`<span class="mono">$${line.usd_each}</span>` },
    { id: 'usd', label: 'Amount', isFigure: true, cell: (line) => html`<span class="mono">$${line.usd}</span>` },
  ];
  const foot = html`<tr><th scope="row" colspan="4">Charged</th><td class="figure-cell"><${Money} usd=${total} places=${9} /></td></tr>`;
  return html`<div><h3>Receipt</h3><${Table} caption="Receipt of entry ${sequence}" columns=${columns} rows=${lines} rowId=${(line: ReceiptLine) => `${line.model} ${line.class} ${line.quantity}`} foot=${foot} /></div>`;
}
