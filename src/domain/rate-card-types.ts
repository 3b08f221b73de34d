import type { Multiplier } from './multiplier.ts';

/** Prices in pico-dollars (10^-12 USD) per token. One dollar per million tokens is 1,000,000 of them. */
export interface TokenRates {
  input: bigint;
  cacheWrite5m: bigint;
  cacheWrite1h: bigint;
  cacheRead: bigint;
  output: bigint;
}

/** `fast` replaces the standard prices by `usage.speed`; `long_prompt` by the size of one pass's prompt. */
export type PriceKind = 'standard' | 'fast' | 'long_prompt';

/** Prices of one kind within `fromMs <= instant < untilMs`. Rows of one kind never overlap. */
export interface PriceRow {
  kind: PriceKind;
  /** `-Infinity`: since the model came out. */
  fromMs: number;
  /** `Infinity`: no end announced. */
  untilMs: number;
  /** A prompt of more tokens than this pays these prices. Only for `long_prompt`. */
  abovePromptTokens: number | undefined;
  rates: TokenRates;
  /** Set where an override stands in place of the list price of at least one class. */
  overridden?: true;
}

export interface ModelCard {
  id: string;
  aliases: readonly string[];
  /** opus, sonnet, haiku, fable, mythos, instant, or claude for the first generations. */
  family: string;
  status: 'active' | 'deprecated' | 'retired';
  /** ISO date on which the API stops or stopped serving it, where announced. */
  retiresOn: string | undefined;
  contextWindowTokens: number;
  maxOutputTokens: number;
  /** The most tokens one image can cost. */
  imageTokens: number;
  /** The most tokens that the API adds to a prompt that carries tools. */
  toolPromptTokens: number;
  /** In tenths: 11 is x1.1. Undefined where the model has no `us` residency. */
  geoUsTenths: bigint | undefined;
  prices: readonly PriceRow[];
  /** The model whose prices these are, for a model that the card itself lacks: see `assumeUnknownModels`. */
  pricedAs?: string;
}

/**
 * Prices of every known model, dated. Made by `parseRateCard` from `config/rate-card.json`; with an operator's or an
 * account's own terms by `applyPricing`.
 */
export interface RateCard {
  /** Of the file, and after a `+` that of the file of overrides. */
  version: string;
  /** ISO date of the last look at the sources. */
  asOf: string;
  models: readonly ModelCard[];
  /** By id and by alias. */
  byName: ReadonlyMap<string, ModelCard>;
  /** In tenths: 5 is x0.5. */
  batchTenths: bigint;
  /** For an answer that reports `us` where its model has no multiplier, or a region that has none. */
  assumedGeoTenths: bigint;
  /** For an answer that reports `fast` where its model has no fast prices. */
  assumedFastTenths: bigint;
  /** Pico-dollars per web search. */
  webSearchPicoUsd: bigint;
  /** A refusal before any output is billed in these categories only. */
  billedRefusalCategories: ReadonlySet<string>;
  /** Of the whole cost, searches included, after every other one. */
  multiplier: Multiplier;
  /** The model at whose prices one that the card lacks is admitted. Undefined: such a one is refused. */
  unknownModelPricedAs: string | undefined;
  /** For an answer from a model that the card lacks, where the call itself is one of an unknown model. */
  unknownModel?: ModelCard;
}
