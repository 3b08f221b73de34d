export interface BenchOptions {
  /** A few minutes instead of an hour: fewer shapes, shorter runs. */
  quick: boolean;
  rounds: number;
  /** Of one run of a target. */
  seconds: number;
}

/** One part of the results. */
export interface Section {
  title: string;
  /** Markdown. */
  lines: readonly string[];
  /** The same for programs. */
  figures: unknown;
}

export function writeTable(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(line)];
}

export function writeReport(sections: readonly Section[]): string {
  return sections.flatMap(({ title, lines }) => [`## ${title}`, '', ...lines, '']).join('\n');
}
