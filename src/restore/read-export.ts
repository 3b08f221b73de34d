import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseExportLine } from '../export/parse-export-line.ts';
import type { ExportIndex } from './export-index.ts';

/** The folder is no export, or a line of it cannot be read. Nothing was restored. */
export class ExportUnreadable extends Error {
  readonly code = 'EXPORT_UNREADABLE';
  override readonly name = 'ExportUnreadable';
}

const FILE_NAME = /^journal-.*\.jsonl$/;
/** Far above the longest line, a snapshot of an account with very many quota cells. */
const LINE_CHARACTERS_AT_MOST = 256 * 1024 * 1024;

/**
 * Reads every file of an export into the index, in the order in which they were begun. The last line of a file that
 * has no newline was torn by the end of its process and comes again in a later file.
 * @returns the number of files.
 * @throws ExportUnreadable
 */
export async function readExport(folder: string, index: Pick<ExportIndex, 'add'>): Promise<number> {
  const files = listFiles(folder);
  for (const file of files) {
    let number = 0;
    for await (const line of readLines(join(folder, file))) {
      number += 1;
      addLine(index, line, `${file}, line ${number}`);
    }
  }
  return files.length;
}

function listFiles(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    throw new ExportUnreadable(`the folder ${folder} cannot be read`, { cause });
  }
  const files = names.filter((name) => FILE_NAME.test(name)).sort();
  if (files.length === 0) throw new ExportUnreadable(`the folder ${folder} has no file journal-*.jsonl`);
  return files;
}

function addLine(index: Pick<ExportIndex, 'add'>, line: string, where: string): void {
  try {
    index.add(parseExportLine(line), line);
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof RangeError)) throw cause;
    throw new ExportUnreadable(`${where}: ${cause.message}`, { cause });
  }
}

/** Whole lines only: what follows the last newline is left out. */
async function* readLines(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8' })) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_CHARACTERS_AT_MOST) throw new ExportUnreadable(`${path} has a line without an end`);
    yield* lines;
  }
}
