import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { type Content, html, names } from '../html.ts';

export interface Column<Row> {
  id: string;
  label: string;
  /** Figures stand to the right. */
  isFigure?: boolean;
  cell: (row: Row) => Content;
  /** What it is sorted by; without it the column is not. */
  sortBy?: (row: Row) => bigint | number | string;
  /** For a column of buttons: its label is for screen readers only. */
  isUnseen?: boolean;
}

interface TableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowId: (row: Row) => string;
  /** Shown under a row, over its whole width. */
  detail?: (row: Row) => Content;
  foot?: Content;
  isQuiet?: (row: Row) => boolean;
}

interface Order {
  id: string;
  isDown: boolean;
}

/** Rows of figures: sorted by its headings, which stay in view, and scrolled within itself where it is wide. */
export function Table<Row>(props: TableProps<Row>): VNode {
  const { caption, columns, rowId, foot } = props;
  const [order, setOrder] = useState<Order>();
  const rows = sortRows(props.rows, columns, order);
  const head = columns.map((column) => html`<${Heading} column=${column} order=${order} onOrder=${setOrder} />`);
  return html`<div class="table-frame" role="region" aria-label=${caption} tabindex="0">
    <table>
      <caption class="unseen">${caption}</caption>
      <thead><tr>${head}</tr></thead>
      <tbody>${rows.map((row) => html`<${Row} key=${rowId(row)} row=${row} table=${props} />`)}</tbody>
      ${foot ? html`<tfoot>${foot}</tfoot>` : null}
    </table>
  </div>`;
}

function Row<Data>({ row, table }: { row: Data; table: TableProps<Data> }): VNode {
  const { columns, detail, isQuiet } = table;
  const more = detail?.(row);
  const cells = columns.map((column, index) => {
    const attributes = {
      class: column.isFigure ? 'figure-cell' : undefined,
      'data-label': column.isUnseen ? undefined : column.label,
    };
    return index === 0
      ? html`<th scope="row" ...${attributes}>${column.cell(row)}</th>`
      : html`<td ...${attributes}>${column.cell(row)}</td>`;
  });
  return html`<tr class=${names(isQuiet?.(row) && 'quiet')}>${cells}</tr>
    ${more ? html`<tr class="detail-row"><td colspan=${columns.length}>${more}</td></tr>` : null}`;
}

interface HeadingProps<Row> {
  column: Column<Row>;
  order: Order | undefined;
  onOrder: (order: Order) => void;
}

function Heading<Row>({ column, order, onOrder }: HeadingProps<Row>): VNode {
  const { id, label, isFigure, sortBy, isUnseen } = column;
  const className = isFigure ? 'figure-cell' : undefined;
  if (sortBy === undefined) {
    return html`<th scope="col" class=${className}>${isUnseen ? html`<span class="unseen">${label}</span>` : label}</th>`;
  }
  const isOrdered = order?.id === id;
  const direction = isOrdered ? (order.isDown ? 'descending' : 'ascending') : undefined;
  // Figures are looked at from the largest down.
  const next = { id, isDown: isOrdered ? !order.isDown : isFigure === true };
  const mark = isOrdered ? (order.isDown ? '↓' : '↑') : '';
  return html`<th scope="col" class=${className} aria-sort=${direction}>
    <button type="button" class="sort" onClick=${() => onOrder(next)}>${label}<span class="sort-mark" aria-hidden="true">${mark}</span></button>
  </th>`;
}

function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  order: Order | undefined,
): readonly Row[] {
  const sortBy = columns.find(({ id }) => id === order?.id)?.sortBy;
  if (order === undefined || sortBy === undefined) return rows;
  const sign = order.isDown ? -1 : 1;
  return rows.toSorted((one, other) => {
    const [left, right] = [sortBy(one), sortBy(other)];
    if (typeof left === 'string' || typeof right === 'string') return sign * `${left}`.localeCompare(`${right}`);
    return left < right ? -sign : left > right ? sign : 0;
  });
}
