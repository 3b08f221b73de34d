import type { Command } from 'commander';
import { parseWhole } from './option-parsers.ts';

/** Of every list whose records have ids. */
export interface PageOptions {
  limit?: number;
  after?: string;
  all?: true;
}

export function addPageOptions(command: Command): Command {
  return command
    .option('--limit <count>', 'at most so many, 1 to 200', parseWhole)
    .option('--after <id>', 'go on after this one')
    .option('--all', 'all of them, page by page');
}
