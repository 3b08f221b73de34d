import { readFileSync, statSync } from 'node:fs';
import { findRateCardOverridesPath, findRateCardPath, findUnknownModelPricedAs } from '../config/cli-settings.ts';
import type { RateCard } from '../domain/rate-card.ts';
import { readRateCard, type SourceText } from '../domain/read-rate-card.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';
import { toTerminalText } from './terminal-text.ts';

const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Where a rate card is read from. */
export interface CardPaths {
  card: string;
  /** Undefined: list prices. */
  overrides: string | undefined;
  /** The model at whose prices unknown ones are admitted. */
  unknownModelPricedAs?: string | undefined;
}

/** The files given; where no card is, those that the proxy would read. */
export function findCardPaths(card: string | undefined, overrides: string | undefined): CardPaths {
  if (card !== undefined) return { card, overrides };
  return {
    card: findRateCardPath(),
    overrides: overrides ?? findRateCardOverridesPath(),
    unknownModelPricedAs: findUnknownModelPricedAs(),
  };
}

/** Reads the card as the proxy does. @throws CliFailure with every file that cannot be read. */
export function readCardFiles({ card, overrides, unknownModelPricedAs }: CardPaths): ReturnType<typeof readRateCard> {
  const problems: string[] = [];
  const read = (path: string): SourceText | undefined => {
    try {
      return readSource(path);
    } catch (error) {
      if (!(error instanceof CliFailure)) throw error;
      problems.push(error.message);
      return undefined;
    }
  };
  const sources = { card: read(card), overrides: overrides === undefined ? undefined : read(overrides) };
  if (sources.card === undefined || problems.length > 0) throw new CliFailure(problems.join('\n'), EXIT_CODES.usage);
  return readRateCard({ ...sources, card: sources.card, unknownModelPricedAs });
}

/** As {@link readCardFiles}. @throws CliFailure with every problem. */
export function readGoodCard(paths: CardPaths): RateCard {
  const parsed = readCardFiles(paths);
  if (parsed.ok) return parsed.card;
  throw new CliFailure(parsed.problems.map(toTerminalText).join('\n'), EXIT_CODES.refused);
}

/** A text file that is named on the command line. */
export function readSource(path: string): SourceText {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) throw new CliFailure(`${path} is above 16 MiB`, EXIT_CODES.refused);
    return { path, text: readFileSync(path, 'utf8') };
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new CliFailure(`${path} cannot be read (${reason})`, EXIT_CODES.usage, { cause: error });
  }
}
