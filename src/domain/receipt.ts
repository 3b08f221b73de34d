import type { NanoUsd } from './money.ts';
import type { UsageClass } from './usage.ts';

/** One line of a receipt: a class of one pass. */
export interface ReceiptLine {
  model: string;
  class: UsageClass;
  /** Tokens, or searches. */
  quantity: number;
  /** Price of one unit after all multipliers, in pico-dollars (10^-12 USD), exact. */
  picoUsdEach: bigint;
}

/** Why a call cost what it cost. `amountNanoUsd` is the sum of the lines, rounded up once. */
export interface Receipt {
  amountNanoUsd: NanoUsd;
  lines: ReceiptLine[];
  /** Version of the rate card that priced it. */
  rateCardVersion: string;
}
