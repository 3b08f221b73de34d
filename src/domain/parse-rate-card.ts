import { LIST_MULTIPLIER } from './multiplier.ts';
import { parseInstant, parsePrice, schemaProblems } from './price-text.ts';
import type { CardJson, ModelJson, PriceRowJson } from './rate-card-schema.ts';
import { CardSchema, ModelSchema, PriceRowSchema } from './rate-card-schema.ts';
import type { ModelCard, PriceKind, PriceRow, RateCard, TokenRates } from './rate-card-types.ts';

export type ParsedRateCard = { ok: true; card: RateCard } | { ok: false; problems: string[] };

/** For a model whose tool prompt is unpublished: the longest one published (Opus 4.7, tool_choice any). */
const UNPUBLISHED_TOOL_PROMPT_TOKENS = 804;

/**
 * Parses the content of a rate card file.
 * @returns the card, or every problem found in it, each naming its place. A card with any problem is not used at all:
 * what is priced wrongly is charged wrongly.
 */
export function parseRateCard(json: unknown): ParsedRateCard {
  const problems = schemaProblems(CardSchema, json, 'rate card');
  const modelsJson = modelList(json);
  const models: ModelCard[] = [];
  modelsJson.forEach((modelJson, index) => {
    const place = modelPlace(modelJson, index);
    const found = schemaProblems(ModelSchema, modelJson, place);
    problems.push(...found);
    if (found.length === 0) models.push(readModel(modelJson as ModelJson, place, problems));
    else checkReadableRows(modelJson, place, problems);
  });
  noteDoubleNames(modelsJson, problems);
  const byName = indexByName(models);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, card: buildCard(json as CardJson, models, byName) };
}

function buildCard(json: CardJson, models: ModelCard[], byName: ReadonlyMap<string, ModelCard>): RateCard {
  return {
    version: json.version,
    asOf: json.as_of,
    models,
    byName,
    batchTenths: parseTenths(json.batch_multiplier),
    assumedGeoTenths: parseTenths(json.assumed_geo_multiplier),
    assumedFastTenths: parseTenths(json.assumed_fast_multiplier),
    // Dollars per thousand searches: a picodollar each is 10^-9 of that.
    webSearchPicoUsd: parsePrice(json.server_tools.web_search.usd_per_1000) * 1_000n,
    billedRefusalCategories: new Set(json.billed_refusal_categories),
    multiplier: LIST_MULTIPLIER,
    unknownModelPricedAs: undefined,
  };
}

function modelList(json: unknown): unknown[] {
  const models = (json as { models?: unknown } | null | undefined)?.models;
  return Array.isArray(models) ? models : [];
}

function modelPlace(json: unknown, index: number): string {
  const id = (json as { id?: unknown } | null | undefined)?.id;
  return `models[${index}]${typeof id === 'string' ? ` ${id.slice(0, 100)}` : ''}`;
}

function readModel(json: ModelJson, place: string, problems: string[]): ModelCard {
  const prices = json.prices.map((row, index) => readRow(row, `${place}: prices.${index}`, problems));
  checkRows(prices, place, problems);
  const tools = json.tool_prompt_tokens;
  return {
    id: json.id,
    aliases: json.aliases ?? [],
    family: json.family,
    status: json.status as ModelCard['status'],
    retiresOn: json.retires,
    contextWindowTokens: json.context_window,
    maxOutputTokens: json.max_output_tokens,
    imageTokens: json.image_tokens,
    toolPromptTokens: Math.max(tools?.auto_or_none ?? 0, tools?.any_or_tool ?? 0) || UNPUBLISHED_TOOL_PROMPT_TOKENS,
    geoUsTenths: json.geo_us_multiplier === undefined ? undefined : parseTenths(json.geo_us_multiplier),
    prices,
  };
}

function readRow(json: PriceRowJson, place: string, problems: string[]): PriceRow {
  const row: PriceRow = {
    kind: json.kind as PriceKind,
    fromMs: json.from === undefined ? Number.NEGATIVE_INFINITY : parseInstant(json.from),
    untilMs: json.until === undefined ? Number.POSITIVE_INFINITY : parseInstant(json.until),
    abovePromptTokens: json.above_prompt_tokens,
    rates: readRates(json),
  };
  if (!(row.fromMs < row.untilMs)) problems.push(`${place}: from and until must be real instants, from before until`);
  if ((row.kind === 'long_prompt') !== (row.abovePromptTokens !== undefined))
    problems.push(`${place}: above_prompt_tokens belongs to long_prompt prices and to no others`);
  return row;
}

/**
 * Models that came before the prompt cache have no prices for it. Were they ever to report cache tokens, writes are
 * priced at twice the input price and reads in full, which no published price exceeds.
 */
function readRates(json: PriceRowJson): TokenRates {
  const input = parsePrice(json.input);
  return {
    input,
    output: parsePrice(json.output),
    cacheWrite5m: json.cache_write_5m === undefined ? input * 2n : parsePrice(json.cache_write_5m),
    cacheWrite1h: json.cache_write_1h === undefined ? input * 2n : parsePrice(json.cache_write_1h),
    cacheRead: json.cache_read === undefined ? input : parsePrice(json.cache_read),
  };
}

function checkRows(rows: readonly PriceRow[], place: string, problems: string[]): void {
  if (!rows.some((row) => row.kind === 'standard')) problems.push(`${place}: no standard prices`);
  checkOverlaps(new Map(rows.entries()), place, problems);
}

/** What can be told of the rows of a model that has other mistakes, so that they are told together. */
function checkReadableRows(json: unknown, place: string, problems: string[]): void {
  const prices = (json as { prices?: unknown } | null | undefined)?.prices;
  if (!Array.isArray(prices)) return;
  const rows = prices.flatMap((row, index): [number, PriceRow][] =>
    schemaProblems(PriceRowSchema, row, place).length > 0
      ? []
      : [[index, readRow(row, `${place}: prices.${index}`, problems)]],
  );
  checkOverlaps(new Map(rows), place, problems);
}

/** @param rows by their place in the list. */
function checkOverlaps(rows: ReadonlyMap<number, PriceRow>, place: string, problems: string[]): void {
  for (const [index, row] of rows) {
    for (const [at, other] of rows) {
      const isSameTime = other.fromMs < row.untilMs && row.fromMs < other.untilMs;
      if (at > index && other.kind === row.kind && isSameTime)
        problems.push(`${place}: prices.${index} and prices.${at} hold at the same time`);
    }
  }
}

/** Names of every model, also of those that have other mistakes. */
function noteDoubleNames(modelsJson: readonly unknown[], problems: string[]): void {
  const seen = new Set<string>();
  for (const json of modelsJson) {
    const { id, aliases } = (json ?? {}) as { id?: unknown; aliases?: unknown };
    for (const name of [id, ...(Array.isArray(aliases) ? aliases : [])]) {
      if (typeof name !== 'string') continue;
      if (seen.has(name)) problems.push(`the name ${name.slice(0, 100)} is used twice`);
      seen.add(name);
    }
  }
}

function indexByName(models: readonly ModelCard[]): Map<string, ModelCard> {
  return new Map(
    models.flatMap((model) => [model.id, ...model.aliases].map((name): [string, ModelCard] => [name, model])),
  );
}

function parseTenths(text: string): bigint {
  const [whole = '0', fraction = '0'] = text.split('.');
  return BigInt(whole) * 10n + BigInt(fraction);
}
