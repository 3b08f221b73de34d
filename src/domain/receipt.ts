import type { NanoUsd } from './money.ts';
import type { Multiplier } from './multiplier.ts';
import type { UsageClass } from './usage.ts';

/** One line of a receipt: a class of one pass. */
export interface ReceiptLine {
  model: string;
  class: UsageClass;
  /** Tokens, or searches. */
  quantity: number;
  /**
   * Price of one unit after batch and region and before the receipt's multiplier, in pico-dollars (10^-12 USD), exact:
   * a rate card's prices are multiples of 100 pico-dollars and these two multipliers are tenths.
   */
  picoUsdEach: bigint;
  /** The model's prices are in part the operator's or the account's own, not the list's. */
  overridden?: true;
  /** The model at whose prices one that the card lacks was charged. */
  pricedAs?: string;
}

/** What the usage reported and the rate card has no price for: charged by the dearest rule known, never for nothing. */
export type PriceAssumption =
  | 'fast_without_prices'
  | 'fast_in_batch'
  | 'unknown_speed'
  | 'geo_without_multiplier'
  | 'unknown_service_tier'
  | 'unknown_model';

/** Why a call cost what it cost. `amountNanoUsd` is the sum of the lines times the multiplier, rounded up once. */
export interface Receipt {
  amountNanoUsd: NanoUsd;
  lines: ReceiptLine[];
  /** Version of the rate card that priced it. */
  rateCardVersion: string;
  /** Absent: x1. */
  multiplier?: Multiplier;
  /**
   * What the tokens read from a cache would have cost more as input, in pico-dollars before the multiplier; absent:
   * nothing. What writing them had cost is not taken off.
   */
  cacheSavingsPicoUsd?: bigint;
  /** Absent where every price was in the card. The operator should look at the rest. */
  assumptions?: PriceAssumption[];
}
