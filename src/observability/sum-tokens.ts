import type { Receipt } from '../domain/receipt.ts';

export interface TokenSums {
  /** Without what came from or went to a cache. */
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
}

/** The tokens charged, over all passes. */
export function sumTokens(receipt: Receipt | undefined): TokenSums {
  const sums = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  for (const line of receipt?.lines ?? []) {
    if (line.class === 'input') sums.input += line.quantity;
    else if (line.class === 'output') sums.output += line.quantity;
    else if (line.class === 'cache_read') sums.cacheRead += line.quantity;
    else if (line.class !== 'web_search') sums.cacheWrite += line.quantity;
  }
  return sums;
}
