/** The cells of one table row by column title, as written, Markdown marks included. */
export type MarkdownRow = Record<string, string>;

/**
 * Reads the first table under the heading `heading` (any level, exact text). Throws where there is no such heading or
 * table, so that a document that lost it cannot pass a test by having no rows.
 */
export function readMarkdownTable(text: string, heading: string): MarkdownRow[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '').trim() === heading);
  if (start === -1) throw new Error(`no heading "${heading}"`);
  const section = lines.slice(start + 1);
  const end = section.findIndex((line) => /^#+ /.test(line));
  const rows = (end === -1 ? section : section.slice(0, end)).join('\n').match(/(?:^\|.*\|[ \t]*(?:\n|$))+/m);
  const [titles, ruler, ...bodies] = (rows?.[0] ?? '').trim().split('\n').map(readCells);
  if (titles === undefined || ruler?.every((cell) => /^:?-+:?$/.test(cell)) !== true) {
    throw new Error(`no table under "${heading}"`);
  }
  return bodies.map((cells) => Object.fromEntries(titles.map((title, index) => [title, cells[index] ?? ''])));
}

/** Writes a table in the form that `readMarkdownTable` reads; for failures that show what should stand there. */
export function formatMarkdownTable(rows: readonly MarkdownRow[]): string {
  const titles = Object.keys(rows[0] ?? {});
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(titles),
    line(titles.map(() => '---')),
    ...rows.map((row) => line(titles.map((title) => row[title] ?? ''))),
  ].join('\n');
}

function readCells(line: string): string[] {
  const cells = line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/);
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'));
}
