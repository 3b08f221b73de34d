import { readFile, stat } from 'node:fs/promises';
import type { Settings } from '../config/settings.ts';
import type { RateCardSources, SourceText } from '../domain/read-rate-card.ts';

export type RateCardSettings = Pick<Settings, 'rateCardPath' | 'rateCardOverridesPath' | 'unknownModelPricedAs'>;

/** The shipped card has 30 KiB. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

type ReadSources = { ok: true; sources: RateCardSources } | { ok: false; problems: string[] };

/** The texts of the rate card's files, not parsed yet; or every file that cannot be read. */
export async function readRateCardSources(settings: RateCardSettings): Promise<ReadSources> {
  const { rateCardPath, rateCardOverridesPath, unknownModelPricedAs } = settings;
  const problems: string[] = [];
  const card = await readSource('rate card', rateCardPath, problems);
  const overrides =
    rateCardOverridesPath === undefined
      ? undefined
      : await readSource('rate card overrides', rateCardOverridesPath, problems);
  if (card === undefined || problems.length > 0) return { ok: false, problems };
  return { ok: true, sources: { card, overrides, unknownModelPricedAs } };
}

async function readSource(what: string, path: string, problems: string[]): Promise<SourceText | undefined> {
  try {
    const { size } = await stat(path);
    if (size <= MAX_FILE_BYTES) return { path, text: await readFile(path, 'utf8') };
    problems.push(`${what} ${path}: is above ${MAX_FILE_BYTES} bytes`);
  } catch (error) {
    problems.push(`${what} ${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`);
  }
  return undefined;
}
