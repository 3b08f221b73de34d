import type { Command } from 'commander';
import { compareRateCards, type PriceDifference, type RateCardDifference } from '../domain/compare-rate-cards.ts';
import type { CliOutput } from './cli-session.ts';
import { formatTable } from './format-table.ts';
import { readGoodCard } from './read-card-files.ts';

export function addRateCardDiffCommand(rateCard: Command, output: CliOutput): void {
  rateCard
    .command('diff')
    .description('what another rate card would change: models, prices with their dates, and everything else')
    .argument('<old>', 'the card in use')
    .argument('<new>', 'the card to come')
    .option('--old-overrides <file>', 'prices over the old one')
    .option('--new-overrides <file>', 'prices over the new one')
    .action((old: string, next: string, options: DiffOptions, command: Command) => {
      const before = readGoodCard({ card: old, overrides: options.oldOverrides });
      const after = readGoodCard({ card: next, overrides: options.newOverrides });
      const difference = compareRateCards(before, after);
      const versions = { old_version: before.version, new_version: after.version };
      const isJson = command.optsWithGlobals<{ json?: boolean }>().json === true;
      if (isJson) output.out(JSON.stringify({ ...versions, ...toJson(difference) }, null, 2));
      else output.out([`${before.version} -> ${after.version}`, ...toText(difference)].join('\n\n'));
    });
}

interface DiffOptions {
  oldOverrides?: string;
  newOverrides?: string;
}

function toJson({ added, removed, prices, facts }: RateCardDifference) {
  return { added, removed, prices: prices.map(writePrice), facts };
}

/** `null`: no such price; no such end. */
function writePrice({ model, kind, field, fromMs, untilMs, before, after }: PriceDifference) {
  const [from, until] = [writeInstant(fromMs), writeInstant(untilMs)];
  return { model, kind, field, from, until, before: before ?? null, after: after ?? null };
}

function writeInstant(ms: number): string | null {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}

function toText({ added, removed, prices, facts }: RateCardDifference): string[] {
  const sections = [
    ...(added.length === 0 ? [] : [`Added: ${added.join(', ')}`]),
    ...(removed.length === 0 ? [] : [`Removed: ${removed.join(', ')}`]),
    ...(prices.length === 0 ? [] : [formatTable(prices.map(writeRow), PRICE_COLUMNS)]),
    ...(facts.length === 0
      ? []
      : [
          formatTable(
            facts.map((fact) => ({ ...fact })),
            FACT_COLUMNS,
          ),
        ]),
  ];
  return sections.length === 0 ? ['No difference.'] : sections;
}

const PRICE_COLUMNS = [
  ['model', 'MODEL'],
  ['kind', 'KIND'],
  ['class', 'PER MILLION'],
  ['from', 'FROM'],
  ['until', 'UNTIL'],
  ['before', 'OLD USD'],
  ['after', 'NEW USD'],
] as const;
const FACT_COLUMNS = [
  ['model', 'MODEL'],
  ['field', 'FIELD'],
  ['before', 'OLD'],
  ['after', 'NEW'],
] as const;

function writeRow(difference: PriceDifference) {
  const { from, until, before, after, ...rest } = writePrice(difference);
  return {
    ...rest,
    class: difference.field.replace('_usd_per_mtok', ''),
    from: from ?? 'always',
    until: until ?? '',
    before: before ?? 'none',
    after: after ?? 'none',
  };
}
