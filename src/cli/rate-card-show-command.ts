import type { Command } from 'commander';
import { formatMultiplier } from '../domain/multiplier.ts';
import { formatPrice } from '../domain/price-text.ts';
import { PRICE_FIELDS } from '../domain/pricing-terms.ts';
import { findModel, type ModelCard, type PriceRow, type RateCard } from '../domain/rate-card.ts';
import type { CliOutput } from './cli-session.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';
import { formatTable } from './format-table.ts';
import { parseInstantOption } from './option-parsers.ts';
import { findCardPaths, readGoodCard } from './read-card-files.ts';
import { toTerminalText } from './terminal-text.ts';

interface ShowOptions {
  at?: number;
  file?: string;
  overrides?: string;
}

export function addRateCardShowCommand(rateCard: Command, output: CliOutput): void {
  rateCard
    .command('show')
    .description('the prices of an instant, dollars per million tokens, before multipliers')
    .argument('[model]', 'id or alias; all models unless stated')
    .option(
      '--at <time>',
      'a day or an instant, 2026-12-01 or 2026-12-01T00:00:00Z; now unless stated',
      parseInstantOption,
    )
    .option('--file <file>', 'the card; $RATE_CARD or the shipped one unless stated')
    .option('--overrides <file>', 'prices over it; $RATE_CARD_OVERRIDES where no card is named')
    .action((name: string | undefined, options: ShowOptions, command: Command) => {
      const card = readGoodCard(findCardPaths(options.file, options.overrides));
      const atMs = options.at ?? Date.now();
      const prices = findModels(card, name).flatMap((model) => listPrices(model, atMs));
      const { version } = card;
      const [at, multiplier] = [new Date(atMs).toISOString(), formatMultiplier(card.multiplier)];
      const isJson = command.optsWithGlobals<{ json?: boolean }>().json === true;
      if (isJson) output.out(JSON.stringify({ version, at, multiplier, prices }, null, 2));
      else {
        const heading = `${version} at ${at}${multiplier === '1' ? '' : `, all times ${multiplier}`}`;
        output.out([heading, '', prices.length === 0 ? 'No prices then.' : formatTable(prices, COLUMNS)].join('\n'));
      }
    });
}

function findModels(card: RateCard, name: string | undefined): readonly ModelCard[] {
  if (name === undefined) return card.models;
  const model = findModel(card, name);
  if (model !== undefined) return [model];
  throw new CliFailure(`${toTerminalText(name)} is not on the rate card ${card.version}`, EXIT_CODES.refused);
}

const COLUMNS = [
  ['model', 'MODEL'],
  ['kind', 'KIND'],
  ['input_usd_per_mtok', 'INPUT USD'],
  ['output_usd_per_mtok', 'OUTPUT USD'],
  ['cache_write_5m_usd_per_mtok', '5M WRITE USD'],
  ['cache_write_1h_usd_per_mtok', '1H WRITE USD'],
  ['cache_read_usd_per_mtok', 'READ USD'],
  ['from', 'FROM'],
  ['until', 'UNTIL'],
  ['note', ''],
] as const;

function listPrices(model: ModelCard, atMs: number) {
  return model.prices
    .filter(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs)
    .map((row) => ({
      model: model.id,
      kind: row.kind,
      ...Object.fromEntries(PRICE_FIELDS.map(([field, name]) => [field, formatPrice(row.rates[name])])),
      from: writeInstant(row.fromMs),
      until: writeInstant(row.untilMs),
      note: writeNote(row),
    }));
}

function writeInstant(ms: number): string | null {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}

function writeNote({ overridden, abovePromptTokens }: PriceRow): string {
  const notes = [
    ...(abovePromptTokens === undefined ? [] : [`above ${abovePromptTokens} prompt tokens`]),
    ...(overridden === undefined ? [] : ['overridden']),
  ];
  return notes.join(', ');
}
