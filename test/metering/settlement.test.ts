import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ceilCall } from '../../src/domain/call-ceiling.ts';
import type { CallOutcome, InterruptReason } from '../../src/domain/call-outcome.ts';
import { findModel, type ModelCard } from '../../src/domain/rate-card.ts';
import { type Settlement, settleOutcome } from '../../src/domain/settlement.ts';
import type { CallUsage } from '../../src/domain/usage.ts';
import { loadRateCard } from '../support/shared-parts.ts';
import { makeRequest, makeUsage } from './metering-fixtures.ts';

const card = loadRateCard();
const model = findModel(card, 'claude-haiku-4-5') as ModelCard;
const atMs = Date.UTC(2026, 10, 20, 12);

function settle(
  outcome: CallOutcome,
  request = makeRequest(),
  heldNanoUsd = 10_000_000n,
  followedOutputTokens?: number,
): Settlement {
  return settleOutcome({ outcome, request, model, card, atMs, heldNanoUsd, followedOutputTokens });
}

function completed(usage: CallUsage | undefined, visibleCharacters = 0): CallOutcome {
  return { kind: 'completed', status: 200, usage, visibleCharacters };
}

function interrupted(reason: InterruptReason, usage: CallUsage | undefined, visibleCharacters = 0): CallOutcome {
  return { kind: 'interrupted', reason, usage, visibleCharacters };
}

// Haiku 4.5: $1 and $5 per million tokens, so 1,000 and 5,000 nano-dollars per token.
describe('what an ended call is charged', () => {
  it('pays what a finished answer reports, to the nano-dollar', () => {
    expect(settle(completed(makeUsage(100, 10), 9_999))).toMatchObject({
      action: 'settle',
      basis: 'reported',
      amountNanoUsd: 150_000n,
      tokens: 110n,
      doubts: [],
    });
  });

  it('settles at zero what was reported as zero', () => {
    expect(settle(completed(makeUsage(0, 0), 50))).toMatchObject({
      action: 'settle',
      basis: 'reported',
      amountNanoUsd: 0n,
    });
  });

  it('estimates a finished answer without usage, never at nothing', () => {
    const settlement = settle(completed(undefined, 130), makeRequest({ textBytes: 300 }));
    // 300 bytes are 100 tokens of prompt, 130 characters are 100 of output.
    expect(settlement).toMatchObject({ basis: 'estimated', amountNanoUsd: 600_000n, doubts: ['usage_missing'] });
    expect(settle(completed(undefined, 0))).toMatchObject({ basis: 'estimated', amountNanoUsd: 100_000n });
  });

  it.each<CallOutcome>([
    { kind: 'upstream_error', status: 400 },
    { kind: 'upstream_error', status: 429 },
    { kind: 'upstream_error', status: 529 },
    { kind: 'not_sent', reason: 'upstream_unreachable' },
    { kind: 'not_sent', reason: 'client_gone' },
    interrupted('error_event', makeUsage(100, 5), 40),
  ])('gives everything back after a failed request: %o', (outcome) => {
    expect(settle(outcome)).toEqual({ action: 'release', basis: 'none' });
  });

  it.each<InterruptReason>([
    'client_gone',
    'upstream_cut',
    'upstream_silent',
    'upstream_slow',
    'shutdown',
    'credit_exhausted',
  ])('charges the reported input and the output that was seen when it broke off: %s', (reason) => {
    const settlement = settle(interrupted(reason, makeUsage(100, 1), 130));
    expect(settlement).toMatchObject({ basis: 'estimated', amountNanoUsd: 600_000n, doubts: ['usage_partial'] });
  });

  it('charges the reported output where it is the larger', () => {
    expect(settle(interrupted('client_gone', makeUsage(100, 500), 13))).toMatchObject({ amountNanoUsd: 2_600_000n });
  });

  it.each([
    ['for what was seen, below it', 60, 130, 400_000n],
    ['for what was not seen, above it', 900, 130, 4_600_000n],
    ['but never for what was reported', 1, 0, 150_000n],
  ])('takes the estimate that the hold was found to cover: %s', (_what, followed, characters, amountNanoUsd) => {
    const outcome = interrupted('credit_exhausted', makeUsage(100, 10), characters);
    expect(settle(outcome, makeRequest(), 10_000_000n, followed)).toMatchObject({ basis: 'estimated', amountNanoUsd });
    expect(settle(completed(makeUsage(100, 10)), makeRequest(), 10_000_000n, followed)).toMatchObject({
      basis: 'reported',
      amountNanoUsd: 150_000n,
    });
  });

  it('takes the final figures as they are when only the closing event is missing', () => {
    const usage = makeUsage(100, 10, { stopReason: 'end_turn' });
    expect(settle(interrupted('client_gone', usage, 5_000))).toMatchObject({
      basis: 'reported',
      amountNanoUsd: 150_000n,
    });
  });

  it('charges an estimate for a call whose client left before the first byte', () => {
    expect(settle(interrupted('client_gone', undefined))).toMatchObject({
      action: 'settle',
      basis: 'estimated',
      amountNanoUsd: 100_000n,
    });
  });

  it('prices an answer of an unknown model as the one that was asked for', () => {
    const usage = makeUsage(100, 10, { model: 'claude-unheard-of' });
    usage.passes[0] = { ...(usage.passes[0] as CallUsage['passes'][0]), model: 'claude-unheard-of' };
    expect(settle(completed(usage))).toMatchObject({
      basis: 'estimated',
      amountNanoUsd: 150_000n,
      doubts: ['answer_unpriced'],
    });
  });

  // The request has 300 bytes: 100 tokens by estimate, 812 at most; 1,000 tokens of output at most.
  it.each([
    [1e15, 10, 812, 10],
    [1e12, 50, 812, 50],
    [Number.POSITIVE_INFINITY, 1, 812, 1],
    [100, 4_001, 100, 1_000],
    [100, 4e9, 100, 1_000],
    [Number.NaN, 1, 100, 1],
    [-5, 7, 100, 7],
    [7, -5, 7, 0],
    [0.5, 1, 1, 1],
  ])('believes no absurd count and keeps the others: %d in, %d out', (input, output, mendedInput, mendedOutput) => {
    const settlement = settle(
      completed(makeUsage(input, output), 0),
      makeRequest({ textBytes: 300, maxTokens: 1_000 }),
    );
    expect(settlement).toMatchObject({
      basis: 'estimated',
      doubts: ['usage_absurd'],
      amountNanoUsd: BigInt(mendedInput) * 1_000n + BigInt(mendedOutput) * 5_000n,
      tokens: BigInt(mendedInput + mendedOutput),
    });
  });

  it('mends what the reader had to bend, and estimates the whole where the hold does not cover it', () => {
    const bent = (input: number, bentClasses: NonNullable<CallUsage['passes'][0]['bent']>): CallOutcome => {
      const usage = makeUsage(input, 10);
      usage.passes[0] = { ...(usage.passes[0] as CallUsage['passes'][0]), bent: bentClasses };
      return { ...(completed(usage) as CallOutcome & { kind: 'completed' }), isDoubtful: true };
    };
    const request = makeRequest({ textBytes: 300 });
    expect(settle(bent(0, { input: 'unknown' }), request)).toMatchObject({ amountNanoUsd: 150_000n });
    expect(settle(bent(20_000_000, { input: 'beyond' }), request)).toMatchObject({ amountNanoUsd: 862_000n });
    expect(settle(bent(20_000_000, { input: 'beyond' }), request, 500_000n)).toMatchObject({ amountNanoUsd: 100_000n });
  });

  it('never estimates above the ceiling that was held', () => {
    fc.assert(
      fc.property(
        fc.record({
          textBytes: fc.nat(3_000_000),
          maxTokens: fc.nat(64_000),
          seen: fc.nat(5_000_000),
          images: fc.nat(20),
        }),
        ({ textBytes, maxTokens, seen, images }) => {
          const request = makeRequest({
            textBytes,
            bodyBytes: textBytes,
            maxTokens,
            images: { base64: images, base64Bytes: images * 1_000, remote: 0 },
          });
          const ceiling = ceilCall(card, request, atMs);
          const settlement = settle(interrupted('client_gone', undefined, seen), request);
          if (!ceiling.priced || settlement.action !== 'settle') throw new Error('unpriced');
          expect(settlement.amountNanoUsd).toBeLessThanOrEqual(ceiling.amountNanoUsd);
        },
      ),
    );
  });
});
