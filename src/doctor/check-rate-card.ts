import { findModel, type RateCard } from '../domain/rate-card.ts';
import { createFinder, type Finding } from './finding.ts';

export type ReadCard = { ok: true; card: RateCard } | { ok: false; problems: readonly string[] };

export interface RateCardOptions {
  /** Models that the API lists; undefined: it was not asked. */
  listedModels: readonly string[] | undefined;
  nowMs: number;
}

const DAY_MS = 86_400_000;
/** New models have come about every two months. */
const OLD_DAYS = 90;

export function checkRateCard(read: ReadCard, { listedModels, nowMs }: RateCardOptions): Finding[] {
  const { ok, warn, fail } = createFinder('rate card');
  if (!read.ok) return read.problems.map((problem) => fail(problem, 'mend it, and see with tollgate rate-card check'));
  const { card } = read;
  const days = Math.floor((nowMs - Date.parse(card.asOf)) / DAY_MS);
  const findings: Finding[] = [];
  if (days > OLD_DAYS) {
    findings.push(warn(`its prices are as of ${card.asOf}, ${days} days ago`, 'take a newer one: docs/prices.md'));
  }
  const unpriced = (listedModels ?? []).filter((model) => findModel(card, model) === undefined);
  if (unpriced.length > 0) {
    const fate = card.unknownModelPricedAs === undefined ? 'are refused' : `are priced as ${card.unknownModelPricedAs}`;
    findings.push(
      warn(
        `calls of ${unpriced.join(', ')} ${fate}: the API lists them, the card does not`,
        'add their prices: docs/prices.md',
      ),
    );
  }
  const asked = listedModels === undefined ? '' : `; the API lists ${listedModels.length}`;
  return [ok(`version ${card.version}, ${card.models.length} models${asked}`), ...findings];
}
