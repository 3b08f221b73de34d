import type { AccountBalance } from '../../src/domain/credit/credit-types.ts';
import type { FinishedCall } from '../../src/observability/finished-call.ts';
import { createMetrics, type Metrics } from '../../src/observability/metrics.ts';

export const NOW_MS = Date.parse('2026-11-21T12:00:00Z');

export const MODELS = [
  { id: 'claude-fable-5', aliases: ['claude-fable-5-latest', 'claude-fable-5-20261001'] },
  { id: 'claude-haiku-5', aliases: [] },
];

export function createTestMetrics(options: { nowMs?: () => number; accountsAtMost?: number } = {}): Metrics {
  return createMetrics({ models: MODELS, nowMs: () => NOW_MS, processMetrics: false, ...options });
}

export function finishedCall(change: Partial<FinishedCall> = {}): FinishedCall {
  return {
    requestId: 'req_01',
    model: 'claude-fable-5-latest',
    status: 200,
    outcome: 'completed',
    basis: 'reported',
    usage: undefined,
    receipt: {
      amountNanoUsd: 1_001n,
      rateCardVersion: '1',
      lines: [
        { model: 'claude-fable-5', class: 'input', quantity: 10, picoUsdEach: 3_000n },
        { model: 'claude-fable-5', class: 'cache_read', quantity: 100, picoUsdEach: 300n },
        { model: 'claude-fable-5', class: 'cache_write_5m', quantity: 20, picoUsdEach: 3_750n },
        { model: 'claude-fable-5', class: 'output', quantity: 57, picoUsdEach: 15_190n },
      ],
    },
    heldNanoUsd: 2_002n,
    durationMs: 1_250,
    upstreamMs: 1_200,
    timeToFirstByteMs: 300,
    ...change,
  };
}

export function accountBalance(change: Partial<AccountBalance> = {}): AccountBalance {
  return {
    status: 'open',
    mode: 'prepaid',
    creditLimitNanoUsd: 0n,
    grantedNanoUsd: 0n,
    availableNanoUsd: 0n,
    pendingNanoUsd: 0n,
    heldNanoUsd: 0n,
    spentNanoUsd: 0n,
    expiredNanoUsd: 0n,
    voidedNanoUsd: 0n,
    debtNanoUsd: 0n,
    debtHeldNanoUsd: 0n,
    chargedNanoUsd: 0n,
    sequence: 1,
    ...change,
  };
}

/** The exposition as a map of series, as written, to value. Fails on a line that is no sample and on a repeated series. */
export async function scrape(metrics: Metrics): Promise<Map<string, number>> {
  const { body } = await metrics.render();
  const samples = new Map<string, number>();
  for (const line of body.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const match = /^([a-z_:]+(?:\{.*\})?) (\S+)$/i.exec(line);
    if (match?.[1] === undefined) throw new Error(`not a sample: ${line}`);
    if (samples.has(match[1])) throw new Error(`twice: ${match[1]}`);
    samples.set(match[1], Number(match[2]));
  }
  return samples;
}

/** The samples of one metric, by their labels. */
export async function series(metrics: Metrics, name: string): Promise<{ [labels: string]: number }> {
  const samples = [...(await scrape(metrics))].filter(([key]) => key === name || key.startsWith(`${name}{`));
  return Object.fromEntries(samples.map(([key, value]) => [key.slice(name.length), value]));
}
