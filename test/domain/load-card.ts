import { readFileSync } from 'node:fs';
import { parseRateCard, type RateCard } from '../../src/domain/rate-card.ts';

/** The content of the rate card that is shipped. */
export function readCardJson(): unknown {
  return JSON.parse(readFileSync(new URL('../../config/rate-card.json', import.meta.url), 'utf8')) as unknown;
}

/** The rate card that is shipped. */
export function loadCard(): RateCard {
  const parsed = parseRateCard(readCardJson());
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed.card;
}
