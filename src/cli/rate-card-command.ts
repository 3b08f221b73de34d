import { readFileSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { findRateCardPath } from '../config/cli-settings.ts';
import { parseRateCard } from '../domain/rate-card.ts';
import type { CliOutput } from './cli-session.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';
import { toTerminalText } from './terminal-text.ts';

const MAX_CARD_BYTES = 16 * 1024 * 1024;

export function addRateCardCommand(program: Command, output: CliOutput): void {
  program
    .command('rate-card')
    .description('the prices')
    .command('check')
    .description('read a rate card as the proxy does and name every problem; sends nothing')
    .argument('[file]', 'the card; $RATE_CARD or the shipped one unless stated')
    .action((file: string | undefined, _options: unknown, command: Command) => {
      const path = file ?? findRateCardPath();
      const parsed = parseRateCard(readCardFile(path));
      const isJson = command.optsWithGlobals<{ json?: boolean }>().json === true;
      const found = parsed.ok
        ? { ok: true, version: parsed.card.version, models: parsed.card.models.length, problems: [] }
        : { ok: false, problems: parsed.problems };
      if (isJson) output.out(JSON.stringify({ path, ...found }, null, 2));
      if (!parsed.ok)
        throw new CliFailure(
          [`${path}:`, ...parsed.problems.map((problem) => `  ${toTerminalText(problem)}`)].join('\n'),
          EXIT_CODES.refused,
        );
      if (!isJson) output.out(`${path}: version ${found.version}, ${found.models} models, no problems.`);
    });
}

function readCardFile(path: string): unknown {
  try {
    if (statSync(path).size > MAX_CARD_BYTES) throw new CliFailure(`${path} is above 16 MiB`, EXIT_CODES.refused);
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    if (error instanceof SyntaxError)
      throw new CliFailure(`${path} is not JSON: ${toTerminalText(error.message)}`, EXIT_CODES.refused);
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new CliFailure(`${path} cannot be read (${reason})`, EXIT_CODES.usage, { cause: error });
  }
}
