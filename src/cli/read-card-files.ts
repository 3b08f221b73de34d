import { readFileSync, statSync } from 'node:fs';
import { findRateCardOverridesPath, findRateCardPath } from '../config/cli-settings.ts';
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
}

/** The files given; where no card is, those that the proxy would read. */
export function findCardPaths(card: string | undefined, overrides: string | undefined): CardPaths {
  if (card !== undefined) return { card, overrides };
  return { card: findRateCardPath(), overrides: overrides ?? findRateCardOverridesPath() };
}

/** Reads the card as the proxy does. */
export function readCardFiles({ card, overrides }: CardPaths): ReturnType<typeof readRateCard> {
  return readRateCard({
    card: readSource(card),
    overrides: overrides === undefined ? undefined : readSource(overrides),
    unknownModelPricedAs: undefined,
  });
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
