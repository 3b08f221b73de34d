import type { Command } from 'commander';
import type { CliOutput } from './cli-session.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';
import { addRateCardDiffCommand } from './rate-card-diff-command.ts';
import { addRateCardShowCommand } from './rate-card-show-command.ts';
import { findCardPaths, readCardFiles } from './read-card-files.ts';
import { toTerminalText } from './terminal-text.ts';

/** The commands that look at rate card files; they need no admin API. */
export function addRateCardCommand(program: Command, output: CliOutput): void {
  const rateCard = program.command('rate-card').description('the prices');
  addRateCardCheckCommand(rateCard, output);
  addRateCardDiffCommand(rateCard, output);
  addRateCardShowCommand(rateCard, output);
}

function addRateCardCheckCommand(rateCard: Command, output: CliOutput): void {
  rateCard
    .command('check')
    .description('read a rate card as the proxy does and name every problem; sends nothing')
    .argument('[file]', 'the card; $RATE_CARD or the shipped one unless stated')
    .option('--overrides <file>', 'prices over it; $RATE_CARD_OVERRIDES where no card is named')
    .action((file: string | undefined, options: { overrides?: string }, command: Command) => {
      const paths = findCardPaths(file, options.overrides);
      const parsed = readCardFiles(paths);
      const isJson = command.optsWithGlobals<{ json?: boolean }>().json === true;
      const found = parsed.ok
        ? { ok: true, version: parsed.card.version, models: parsed.card.models.length, problems: [] }
        : { ok: false, problems: parsed.problems };
      const path = paths.card;
      if (isJson) output.out(JSON.stringify({ path, ...found }, null, 2));
      if (!parsed.ok)
        throw new CliFailure(
          [`${path}:`, ...parsed.problems.map((problem) => `  ${toTerminalText(problem)}`)].join('\n'),
          EXIT_CODES.refused,
        );
      if (!isJson) output.out(`${path}: version ${found.version}, ${found.models} models, no problems.`);
    });
}
