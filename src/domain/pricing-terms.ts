/** Prices that stand in place of the list's, for one account or for all. */
export interface PricingTerms {
  /** Decimal of at most four places, "1.25". Absent: that of the layer below, x1 for the list. */
  multiplier?: string;
  overrides?: readonly PriceOverride[];
}

/**
 * Prices of one model, in dollars per million tokens, as decimals of at most four places. A class that is absent keeps
 * the price of the layer below. They hold from their instant (ms since 1970; absent: always) until those of the next
 * override of the same model.
 */
export interface PriceOverride {
  /** Id or alias. */
  model: string;
  effectiveFromMs?: number;
  input?: string;
  output?: string;
  cacheWrite5m?: string;
  cacheWrite1h?: string;
  cacheRead?: string;
}

/** Overrides that one account, or the file for all of them, may have. */
export const OVERRIDES_AT_MOST = 200;

/** Names of the price classes on the wire and in files. */
export const PRICE_FIELDS = [
  ['input_usd_per_mtok', 'input'],
  ['output_usd_per_mtok', 'output'],
  ['cache_write_5m_usd_per_mtok', 'cacheWrite5m'],
  ['cache_write_1h_usd_per_mtok', 'cacheWrite1h'],
  ['cache_read_usd_per_mtok', 'cacheRead'],
] as const satisfies readonly (readonly [string, keyof PriceOverride])[];
