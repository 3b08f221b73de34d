// Goal: a call that is cut, or that breaks off, is charged no more than it holds, whatever comes in whatever pieces, with
// whatever silences between them, whatever the ledger answers and when, and whatever is learnt meanwhile.
// Method: random courses of one stream through the real gate, the real watch of its hold and the real settlement.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createUsageReader } from '../../src/anthropic/create-usage-reader.ts';
import { sizeHoldSteps, sizeSmallerHold } from '../../src/domain/hold-size.ts';
import { findModel } from '../../src/domain/rate-card.ts';
import { settleOutcome } from '../../src/domain/settlement.ts';
import { createHoldGate } from '../../src/http/hold-gate.ts';
import { readReported } from '../../src/http/read-outcome.ts';
import { createUsageObserver } from '../../src/http/usage-observer.ts';
import { createRunningHolds } from '../../src/metering/running-holds.ts';
import { makeRequest } from '../domain/make-request.ts';
import { createManualTimers } from '../support/manual-timers.ts';
import { loadRateCard } from '../support/shared-parts.ts';

const card = loadRateCard();
const request = makeRequest({ textBytes: 3_000, bodyBytes: 3_000 });
const model = findModel(card, request.model)!;
const event = (data: object): string => `event: e\ndata: ${JSON.stringify(data)}\n\n`;
const usage = { input_tokens: 900, output_tokens: 3 };

type Step =
  | { kind: 'pieces'; characters: number[]; of: 'text' | 'thinking' | 'partial_json' }
  | { kind: 'silence'; ms: number }
  /** A share of what was asked for is there: all of it, a part, or nothing; undefined: no answer. */
  | { kind: 'answer'; room: number | undefined }
  | { kind: 'learn'; ratio: number };

const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('pieces' as const),
      characters: fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 5 }),
      of: fc.constantFrom('text' as const, 'thinking' as const, 'partial_json' as const),
    }),
    fc.record({ kind: fc.constant('silence' as const), ms: fc.integer({ min: 1, max: 40_000 }) }),
    fc.record({
      kind: fc.constant('answer' as const),
      room: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    }),
    fc.record({ kind: fc.constant('learn' as const), ratio: fc.integer({ min: 32, max: 400 }) }),
  ),
  { minLength: 1, maxLength: 40 },
);

/** Runs one stream and breaks it off, if it was not cut before. @returns what it was charged and what it held. */
async function run(course: readonly Step[]): Promise<{ charged: bigint; held: bigint; wasCut: boolean }> {
  const timers = createManualTimers();
  const atMs = timers.nowMs();
  const size = sizeSmallerHold(card, request, atMs)!;
  const waiting: { toNanoUsd: bigint; resolve(reply: unknown): void; reject(error: Error): void }[] = [];
  const ledger = {
    extend: ({ toNanoUsd }: { toNanoUsd: bigint }) =>
      new Promise((resolve, reject) => waiting.push({ toNanoUsd, resolve, reject })),
  };
  const holds = createRunningHolds({
    ledger: ledger as never,
    timers,
    metrics: { storeFailed: () => undefined, holdEnlarged: () => undefined },
    logger: { warn: () => undefined },
    limits: { holdLeaseMs: 1 },
  });
  let ratio = 130;
  let wasCut = false;
  const running = holds.watch({
    hold: { accountId: 'a', holdId: 'h', modelLabels: [], cells: [] } as never,
    heldNanoUsd: size.amountNanoUsd,
    steps: sizeHoldSteps(card, request, 10n ** 15n, atMs)!,
    promptNanoUsd: size.promptNanoUsd,
    card,
    request,
    atMs,
    findRatio: () => ratio,
    stop: () => {
      wasCut = true;
      gate.end('credit_exhausted');
    },
  });
  const observer = createUsageObserver({
    reader: createUsageReader('text/event-stream', request.model),
    contentEncoding: undefined,
    onFault: (error) => {
      throw error;
    },
  });
  const exchange = { pause: () => undefined, resume: () => undefined };
  const gate = createHoldGate({ head: { status: 200, headers: {} }, exchange: () => exchange } as never, {
    running,
    observer,
    writer: { write: () => undefined },
  });
  const push = (...events: object[]) => gate.push(Buffer.from(events.map(event).join('')));
  push({ type: 'message_start', message: { model: request.model, usage } });
  for (const step of course) {
    if (wasCut) break;
    if (step.kind === 'pieces') {
      push(
        ...step.characters.map((count) => ({ type: 'content_block_delta', delta: { [step.of]: 'a'.repeat(count) } })),
      );
    } else if (step.kind === 'silence') timers.advance(step.ms);
    else if (step.kind === 'learn') ratio = step.ratio;
    else {
      const asked = waiting.shift();
      const more = asked === undefined ? 0n : asked.toNanoUsd - running.heldNanoUsd;
      const room = (more * BigInt(Math.floor((step.room ?? 0) * 1_000))) / 900n;
      if (step.room === undefined) asked?.reject(new Error('no answer'));
      else if (room >= more) asked?.resolve({ result: 'extended', amountNanoUsd: asked.toNanoUsd });
      else asked?.resolve({ result: 'insufficient_credit', availableNanoUsd: room });
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
  if (!wasCut) gate.end('cut');
  const snapshot = gate.isHolding ? gate.passed : observer.snapshot();
  const settlement = settleOutcome({
    outcome: { kind: 'interrupted', reason: wasCut ? 'credit_exhausted' : 'upstream_cut', ...readReported(snapshot) },
    request,
    model,
    card,
    atMs,
    heldNanoUsd: running.heldNanoUsd,
    charactersPer100Tokens: ratio,
    followedOutputTokens: running.coveredTokens,
  });
  running.end();
  const charged = settlement.action === 'settle' ? settlement.amountNanoUsd : 0n;
  return { charged, held: running.heldNanoUsd, wasCut };
}

describe('any course of a stream under cut', () => {
  it('is charged at most what it holds', async () => {
    let cuts = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (course) => {
        const { charged, held, wasCut } = await run(course);
        expect(charged).toBeLessThanOrEqual(held);
        expect(charged).toBeGreaterThan(0n);
        cuts += wasCut ? 1 : 0;
      }),
      { numRuns: 150 },
    );
    // It is not for want of cuts that none was charged for more.
    expect(cuts).toBeGreaterThan(15);
  });
});
