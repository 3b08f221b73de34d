/*
 * Goal: whatever usage the API reports, the charge is the sum of tokens times rate, rounded up once.
 * Method: random usage objects in the API's shape, absent and null members too, in a JSON answer and in a stream cut
 * anywhere, are read and priced; the simulated API's own reading and its own price list, which share no code with
 * ours, say what is owed.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createUsageReader } from '../../src/anthropic/create-usage-reader.ts';
import { priceCall } from '../../src/domain/price-call.ts';
import { LISTED_MODELS } from '../../src/simulator/price-list.ts';
import { priceUsage, roundUpToNanoUsd } from '../../src/simulator/price-usage.ts';
import { type AnswerFacts, isFreeRefusal, readBilledUsage, readMessageBody } from '../../src/simulator/read-usage.ts';
import { loadCard } from '../domain/load-card.ts';
import { delta, encode, start, stop } from './answer-samples.ts';

const card = loadCard();
const AT_MS = Date.parse('2026-11-20T00:00:00Z');
// The first generations have no cache, and no price for one.
const sold = LISTED_MODELS.filter(({ standard }) => standard.cacheRead > 0n);
const isFast = new Set(sold.filter(({ fast }) => fast !== undefined).map(({ id }) => id));
const hasRegions = new Set(sold.filter(({ usMultiplierPercent }) => usMultiplierPercent > 100n).map(({ id }) => id));

type Json = Record<string, unknown>;
const modelName = fc.constantFrom(...sold.map(({ id }) => id));
const count = fc.oneof(
  { weight: 6, arbitrary: fc.nat(400_000) },
  { weight: 2, arbitrary: fc.nat(3) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const split = fc.oneof(
  fc.constant(null),
  fc.record({ ephemeral_5m_input_tokens: count, ephemeral_1h_input_tokens: count }, { requiredKeys: [] }),
);
const counts = fc.record(
  {
    ...{ input_tokens: count, output_tokens: count, cache_read_input_tokens: count },
    ...{ cache_creation_input_tokens: count, cache_creation: split },
  },
  { requiredKeys: [] },
);

const iteration = (kind: string, model: string): fc.Arbitrary<Json> =>
  counts.map((tokens) => ({ ...tokens, type: kind, model }));
const iterations = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(undefined, null, []) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(modelName, modelName)
      .chain(([model, other]) =>
        fc
          .tuple(
            iteration('message', model),
            fc.array(fc.oneof(iteration('compaction', model), iteration('message', model)), { maxLength: 3 }),
            fc.array(iteration('advisor_message', other), { maxLength: 2 }),
          )
          .map(([first, more, advice]) => [first, ...more, ...advice]),
      ),
  },
);

/** What surrounds the counts; fast and regional only where every model sells it, since the rest is assumed a price. */
const terms = fc.record(
  {
    service_tier: fc.constantFrom('standard', 'batch', 'priority', null),
    inference_geo: fc.constantFrom('global', 'us', 'not_available', null),
    speed: fc.constantFrom('standard', 'fast', null),
    server_tool_use: fc.oneof(
      fc.constant(null),
      fc.record({ web_search_requests: fc.nat(20), web_fetch_requests: fc.nat(20) }, { requiredKeys: [] }),
    ),
    output_tokens_details: fc.record({ thinking_tokens: fc.nat(1_000) }),
    fallback_credit: fc.constant({ status: 'redeemed' }),
    tomorrows_member: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

const refusal = fc.constantFrom(
  ...['cyber', 'general_harms', null, 'bio', 'frontier_llm', 'reasoning_extraction'].map((category) => ({
    stop_reason: 'refusal',
    stop_details: { type: 'refusal', category },
  })),
);
const ending = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ stop_reason: 'end_turn' }) },
  { weight: 1, arbitrary: refusal },
);

const answer = fc
  .record({ model: modelName, tokens: counts, terms, iterations, ending, hasText: fc.boolean() })
  .map(({ model, tokens, terms: around, iterations: passes, ending: end, hasText }) => {
    const usage: Json = { ...tokens, ...around, ...(passes === undefined ? {} : { iterations: passes }) };
    const models = [model, ...(passes ?? []).map((pass) => String(pass.model))];
    if (!models.every((name) => isFast.has(name)) || usage.service_tier === 'batch') delete usage.speed;
    // A model that declines before any output has run no tool and no other pass.
    if (end.stop_reason === 'refusal' && !hasText) {
      delete usage.server_tool_use;
      delete usage.iterations;
    }
    if (!models.every((name) => hasRegions.has(name))) delete usage.inference_geo;
    return { model, content: hasText ? [{ type: 'text', text: 'hm' }] : [], ...end, usage };
  });

type Answer = { model: string; content: Json[]; stop_reason: string; stop_details?: Json; usage: Json };

/** What the simulated API bills for it. */
function owed(body: Json): bigint {
  const facts: AnswerFacts = readMessageBody(body);
  const usage = readBilledUsage(facts);
  if (usage === undefined || isFreeRefusal(facts)) return 0n;
  return roundUpToNanoUsd(priceUsage(usage) ?? -1n);
}

function charged(contentType: string, text: string, sizes: readonly number[]): bigint {
  const reader = createUsageReader(contentType);
  const bytes = encode(text);
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    reader.push(bytes.subarray(at, at + size));
    at += size;
  }
  reader.end();
  const { usage, complete } = reader.snapshot();
  if (usage === undefined || !complete) throw new Error('not read');
  const priced = priceCall(card, usage, AT_MS);
  if (!priced.priced) throw new Error(`no price for ${priced.model}`);
  expect(priced.receipt.assumptions).toBeUndefined();
  return priced.receipt.amountNanoUsd;
}

/** The start has what the delta lacks, as the API streams it. */
function writeStream({ model, content, usage, ...end }: Answer): string {
  const { service_tier, inference_geo, speed, cache_creation, ...rest } = usage;
  const first = { ...rest, service_tier, inference_geo, speed, cache_creation, iterations: null, output_tokens: 1 };
  return start({ model, content, usage: first }) + delta(rest, end) + stop;
}

const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 });

describe('any usage in the shape of the API', () => {
  it('of a JSON answer is charged to the nano-dollar', () => {
    fc.assert(
      fc.property(answer, sizes, (body, cuts) => {
        expect(charged('application/json', JSON.stringify({ type: 'message', ...body }), cuts)).toBe(owed(body));
      }),
      { numRuns: 400 },
    );
  });

  it('of a stream is charged to the nano-dollar', () => {
    fc.assert(
      fc.property(answer, sizes, (body, cuts) => {
        // In a stream null takes nothing back: an absent count is what the start said.
        const usage = { ...body.usage, output_tokens: body.usage.output_tokens ?? 0 };
        expect(charged('text/event-stream', writeStream({ ...body, usage }), cuts)).toBe(owed({ ...body, usage }));
      }),
      { numRuns: 400 },
    );
  });
});
