import list from './price-list.json' with { type: 'json' };

/** Prices of one token, in pico-dollars (10^-12 USD). */
export interface PriceCard {
  input: bigint;
  output: bigint;
  cacheWrite5m: bigint;
  cacheWrite1h: bigint;
  cacheRead: bigint;
}

/** A model as the simulated API knows and prices it. */
export interface ListedModel {
  id: string;
  aliases: readonly string[];
  status: string;
  /** Year, month, day. */
  released: string;
  contextWindow: number;
  maxOutputTokens: number;
  tokenizer: string;
  /** Prompts shorter than this are not cached. */
  minCacheableTokens: number;
  /** Tokens the API adds when there are tools: tool_choice auto or none, and any or tool. */
  toolPromptTokens: { auto: number; forced: number };
  /** 110 where `inference_geo: "us"` costs a tenth more; 100 where the model has no such choice. */
  usMultiplierPercent: bigint;
  standard: PriceCard;
  fast: PriceCard | undefined;
  /** The beta that `speed: "fast"` needs; undefined: none. */
  fastBeta: string | undefined;
  /** The whole pass is priced from it when its prompt is longer. */
  longPrompt: { abovePromptTokens: bigint; card: PriceCard } | undefined;
}

type Row = (typeof list.models)[number];
type CardRow = { [Name in keyof PriceCard]: string | null };

const PRICE_PATTERN = /^(\d+)(?:\.(\d{1,4}))?$/;

/** A dollar per million tokens is a million pico-dollars per token. Four places at most, so that halves and tenths stay whole. */
function picoUsdPerToken(usdPerMillion: string | null): bigint {
  if (usdPerMillion === null) return 0n;
  const match = PRICE_PATTERN.exec(usdPerMillion);
  if (match === null) throw new Error(`price-list.json: not a price: ${usdPerMillion}`);
  return BigInt(match[1] ?? '0') * 1_000_000n + BigInt((match[2] ?? '').padEnd(6, '0'));
}

function readCard(row: CardRow): PriceCard {
  return {
    input: picoUsdPerToken(row.input),
    output: picoUsdPerToken(row.output),
    cacheWrite5m: picoUsdPerToken(row.cacheWrite5m),
    cacheWrite1h: picoUsdPerToken(row.cacheWrite1h),
    cacheRead: picoUsdPerToken(row.cacheRead),
  };
}

function readModel(row: Row): ListedModel {
  const tools: readonly (number | null)[] = row.toolPromptTokens ?? [];
  return {
    id: row.id,
    aliases: row.aliases,
    status: row.status,
    released: row.released,
    contextWindow: row.contextWindow,
    maxOutputTokens: row.maxOutputTokens,
    tokenizer: row.tokenizer,
    minCacheableTokens: row.minCacheableTokens ?? 1024,
    toolPromptTokens: { auto: tools[0] ?? 346, forced: tools[1] ?? tools[0] ?? 346 },
    usMultiplierPercent: BigInt(row.usMultiplierPercent),
    standard: readCard(row.standard),
    fast: 'fast' in row && row.fast !== undefined ? readCard(row.fast) : undefined,
    fastBeta: 'fastBeta' in row ? (row.fastBeta ?? undefined) : undefined,
    longPrompt:
      'longPrompt' in row && row.longPrompt !== undefined
        ? { abovePromptTokens: BigInt(row.longPrompt.abovePromptTokens), card: readCard(row.longPrompt) }
        : undefined,
  };
}

/** Newest first, as `GET /v1/models` lists them. */
export const LISTED_MODELS: readonly ListedModel[] = list.models
  .map(readModel)
  .sort((one, other) => other.released.localeCompare(one.released));

const modelsByName = new Map(
  LISTED_MODELS.flatMap((model) => [model.id, ...model.aliases].map((name) => [name, model])),
);

/** Finds a model by its id or an alias, exactly: ids are prefixes of one another. */
export function findListedModel(name: string): ListedModel | undefined {
  return modelsByName.get(name);
}

/** Ten dollars for a thousand searches. */
export const PICO_USD_PER_WEB_SEARCH = (BigInt(list.webSearchUsdPerThousand) * 1_000_000_000_000n) / 1000n;
