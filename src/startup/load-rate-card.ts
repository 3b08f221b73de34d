import { readFileSync } from 'node:fs';
import { type ParsedRateCard, parseRateCard } from '../domain/rate-card.ts';

/** Reads and checks a rate card file. Every problem names the file; a file that cannot be read is a problem too. */
export function loadRateCard(path: string): ParsedRateCard {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return { ok: false, problems: [`rate card ${path}: ${error instanceof Error ? error.message : String(error)}`] };
  }
  const parsed = parseRateCard(json);
  return parsed.ok
    ? parsed
    : { ok: false, problems: parsed.problems.map((problem) => `rate card ${path}: ${problem}`) };
}
