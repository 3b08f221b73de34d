// Goal: a call that broke off is charged by what its model is known to write per token, rather too much than too little.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateOutput } from '../../src/domain/estimate-usage.ts';
import { createOutputRatios } from '../../src/metering/output-ratios.ts';
import { admit, type MeterFixture, openMeter } from './meter-fixture.ts';
import { makeRequest, makeUsage } from './metering-fixtures.ts';

const MODEL = 'claude-haiku-4-5-20251001';
const START = 130;

/** A memory that has seen answers of 100 tokens with so many characters each. */
function ratiosOf(characters: readonly number[]) {
  const ratios = createOutputRatios();
  for (const visibleCharacters of characters) ratios.note(MODEL, 'text', { visibleCharacters, outputTokens: 100 });
  return ratios;
}

const times = (count: number, characters: number): number[] => Array.from({ length: count }, () => characters);

describe('the ratio that an answer is estimated by', () => {
  it.each([
    ['nothing is known', [], START],
    ['fifteen answers are known', times(15, 290), START],
    ['sixteen are known', times(16, 290), 290],
    ['a quarter has fewer characters: theirs is not yet reached', [...times(16, 100), ...times(48, 300)], 300],
    ['more than a quarter has fewer', [...times(17, 100), ...times(47, 300)], 100],
    ['a few are absurd', [...times(48, 300), ...times(8, 1e9), ...times(8, 0)], 300],
    ['it was otherwise 64 answers ago', [...times(64, 100), ...times(64, 300)], 300],
    ['it has begun to change', [...times(64, 300), ...times(17, 100)], 100],
    ['hardly anything is visible', times(64, 1), 32],
    ['characters are many', times(64, 900), 400],
  ])('%s', (_, known, expected) => {
    expect(ratiosOf(known).find(MODEL, 'text')).toBe(expected);
  });

  it('is of one model and one kind of content', () => {
    const ratios = ratiosOf(times(16, 290));
    expect(ratios.find('claude-opus-5', 'text')).toBe(START);
    expect(ratios.find(MODEL, 'hidden_thinking')).toBe(START);
  });

  it('learns nothing from answers of a few tokens', () => {
    const ratios = createOutputRatios();
    for (let count = 0; count < 64; count += 1) ratios.note(MODEL, 'text', { visibleCharacters: 1, outputTokens: 15 });
    expect(ratios.find(MODEL, 'text')).toBe(START);
  });

  it('remembers a bounded number of models', () => {
    const ratios = createOutputRatios();
    const learn = (model: string): void => {
      for (let count = 0; count < 16; count += 1)
        ratios.note(model, 'text', { visibleCharacters: 290, outputTokens: 100 });
    };
    for (let number = 1; number <= 1_001; number += 1) learn(`model-${number}`);
    expect(ratios.find('model-1000', 'text')).toBe(290);
    expect(ratios.find('model-1001', 'text')).toBe(START);
  });

  it('would have charged three quarters of the answers it knows what was billed, or more', () => {
    const answers = fc.array(
      fc.record({ tokens: fc.integer({ min: 16, max: 4_000 }), ratio: fc.double({ min: 0.4, max: 4, noNaN: true }) }),
      {
        minLength: 16,
        maxLength: 64,
      },
    );
    fc.assert(
      fc.property(answers, (known) => {
        const ratios = createOutputRatios();
        const seen = known.map(({ tokens, ratio }) => ({ tokens, characters: Math.ceil(tokens * ratio) }));
        for (const { tokens, characters } of seen)
          ratios.note(MODEL, 'text', { visibleCharacters: characters, outputTokens: tokens });
        const ratio = ratios.find(MODEL, 'text');
        const short = seen.filter(
          ({ tokens, characters }) => estimateOutput({ maxTokens: 1e9 }, characters, ratio) < tokens,
        );
        expect(short.length).toBeLessThanOrEqual(seen.length / 4);
      }),
    );
  });
});

describe('the meter', () => {
  const end = async (meter: MeterFixture, outputTokens: number, visibleCharacters: number, stream = true) => {
    const call = await admit(meter, makeRequest({ stream }));
    const usage = makeUsage(100, outputTokens, { stopReason: 'end_turn' });
    call.finish({ kind: 'completed', status: 200, usage, visibleCharacters }, { status: 200 });
  };
  const cancel = async (meter: MeterFixture, visibleCharacters: number) => {
    const call = await admit(meter, makeRequest({ stream: true }));
    const usage = makeUsage(100, 1);
    return call.finish({ kind: 'interrupted', reason: 'client_gone', usage, visibleCharacters }, { status: 200 });
  };
  const scored = async ({ metrics }: MeterFixture) => {
    const { body } = await metrics.render();
    const read = (suffix: string) =>
      Number(
        new RegExp(`^tollgate_output_estimate_ratio_${suffix}\\{model="${MODEL}"\\} (\\S+)$`, 'm').exec(body)?.[1] ?? 0,
      );
    return { count: read('count'), sum: read('sum') };
  };

  it('charges a stream that broke off by what the streams before it had', async () => {
    await using meter = await openMeter({ entriesMax: 50 });
    expect(await cancel(meter, 290)).toMatchObject({ amountNanoUsd: 100_000n + 224n * 5_000n });
    for (let count = 0; count < 16; count += 1) await end(meter, 100, 290);
    expect(await cancel(meter, 290)).toMatchObject({ amountNanoUsd: 100_000n + 100n * 5_000n, basis: 'estimated' });
  });

  it('tells how far off each finished stream would have been, before it learns from it', async () => {
    await using meter = await openMeter({ entriesMax: 50 });
    for (let count = 0; count < 16; count += 1) await end(meter, 100, 260);
    expect(await scored(meter)).toEqual({ count: 16, sum: 16 * 2 });
    await end(meter, 100, 260);
    expect(await scored(meter)).toEqual({ count: 17, sum: 16 * 2 + 1 });
  });

  it('does not count what came whole, what broke off and what generated nothing', async () => {
    await using meter = await openMeter({ entriesMax: 50 });
    await end(meter, 100, 290, false);
    await end(meter, 0, 0);
    await cancel(meter, 290);
    expect(await scored(meter)).toEqual({ count: 0, sum: 0 });
  });
});
