import { readFileSync } from 'node:fs';
import { loadSettings } from '../../src/config/load-settings.ts';
import type { Limits } from '../../src/config/settings.ts';
import { parseRateCard, type RateCard } from '../../src/domain/rate-card.ts';
import { createLogger, type Logger } from '../../src/observability/create-logger.ts';
import { UPSTREAM_KEY } from './simulated-api.ts';

/** The limits of an installation without any configuration. */
export function loadDefaultLimits(): Limits {
  const loaded = loadSettings({ environment: {}, readFile: (path) => readFileSync(path, 'utf8') });
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
  return loaded.settings.limits;
}

/** The rate card that is delivered. */
export function loadRateCard(): RateCard {
  const path = new URL('../../config/rate-card.json', import.meta.url);
  const parsed = parseRateCard(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed.card;
}

/** A logger whose lines can be looked at, parsed. */
export function createLog(): { log: Record<string, unknown>[]; logger: Logger } {
  const log: Record<string, unknown>[] = [];
  const output = { write: (line: string) => void log.push(JSON.parse(line)) };
  return { log, logger: createLogger({ level: 'debug', secrets: [UPSTREAM_KEY], output }) };
}
