import { toTerminalText } from './terminal-text.ts';

/** A column: the field of each row, dots leading inwards, and its title. Titles that end in "USD" are flush right. */
export type Column = readonly [field: string, title: string];

type Row = { readonly [field: string]: unknown };

/** A table for people: a title line and one line per row. */
export function formatTable(rows: readonly Row[], columns: readonly Column[]): string {
  const cells = [
    columns.map(([, title]) => title),
    ...rows.map((row) => columns.map(([field]) => readCell(row, field))),
  ];
  const widths = columns.map((_column, index) => Math.max(...cells.map((line) => countCharacters(line[index] ?? ''))));
  return cells
    .map((line) =>
      line
        .map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One record for people: a line per field, fields of inner objects by their path, as `raises[0].until`. */
export function formatRecord(record: Row): string {
  const lines = flatten(record, '');
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function flatten(record: Row, prefix: string): [name: string, value: string][] {
  return Object.entries(record).flatMap(([name, value]) => flattenField(`${prefix}${name}`, value));
}

function flattenField(path: string, value: unknown): [name: string, value: string][] {
  if (Array.isArray(value) && value.some(isRow)) {
    return value.flatMap((item, index) => flattenField(`${path}[${index}]`, item));
  }
  return isRow(value) ? flatten(value, `${path}.`) : [[path, toTerminalText(value)]];
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readCell(row: Row, field: string): string {
  let value: unknown = row;
  for (const step of field.split('.')) value = (value as Row | undefined)?.[step];
  return toTerminalText(value);
}

function pad(cell: string, width: number, column: Column | undefined): string {
  const missing = ' '.repeat(Math.max(0, width - countCharacters(cell)));
  return column?.[1].endsWith('USD') === true ? missing + cell : cell + missing;
}

function countCharacters(text: string): number {
  return [...text].length;
}
