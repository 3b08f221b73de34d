import { isObject, type JsonObject, objectOf, objectsOf, textOf } from './json-value.ts';
import type { BilledPass, BilledUsage } from './simulator-types.ts';

/** What an answer said of itself, gathered from a JSON body or from the events of a stream up to some point. */
export interface AnswerFacts {
  model: string;
  /** Merged: in a stream the last value that is not null stands for each field. Undefined: none was reported. */
  usage: JsonObject | undefined;
  stopReason: string | undefined;
  refusalCategory: string | undefined;
  /** A block with content other than a `fallback` mark began. */
  hasOutput: boolean;
  /** Categories of the `fallback` blocks, in order; undefined for null. `early`: nothing had been generated before it. */
  fallbacks: { category: string | undefined; early: boolean }[];
}

/** Refusals before any output are billed in these categories only. Source: the API's page on refusals and fallback, October 2026. */
const BILLED_REFUSAL_CATEGORIES: ReadonlySet<string | undefined> = new Set([
  'bio',
  'frontier_llm',
  'reasoning_extraction',
]);

function createAnswerFacts(): AnswerFacts {
  return {
    model: '',
    usage: undefined,
    stopReason: undefined,
    refusalCategory: undefined,
    hasOutput: false,
    fallbacks: [],
  };
}

/** Takes in a whole message body. */
export function readMessageBody(message: JsonObject): AnswerFacts {
  const facts = createAnswerFacts();
  takeMessage(facts, message);
  return facts;
}

/** Takes in the events of a stream, in order. */
export function readEvents(events: Iterable<JsonObject>): AnswerFacts {
  const facts = createAnswerFacts();
  for (const event of events) takeEvent(facts, event);
  return facts;
}

function takeEvent(facts: AnswerFacts, event: JsonObject): void {
  if (event.type === 'message_start') takeMessage(facts, objectOf(event.message));
  if (event.type === 'content_block_start') takeBlock(facts, objectOf(event.content_block));
  if (event.type !== 'message_delta') return;
  takeStop(facts, objectOf(event.delta));
  if (!isObject(event.usage)) return;
  const reported = Object.entries(event.usage).filter(([, value]) => value !== null);
  facts.usage = { ...facts.usage, ...Object.fromEntries(reported) };
}

function takeMessage(facts: AnswerFacts, message: JsonObject): void {
  facts.model = textOf(message.model) ?? facts.model;
  if (isObject(message.usage)) facts.usage = { ...message.usage };
  for (const block of objectsOf(message.content)) takeBlock(facts, block);
  takeStop(facts, message);
}

function takeBlock(facts: AnswerFacts, block: JsonObject): void {
  if (block.type !== 'fallback') {
    facts.hasOutput = true;
    return;
  }
  facts.fallbacks.push({ category: textOf(objectOf(block.trigger).category), early: !facts.hasOutput });
}

function takeStop(facts: AnswerFacts, source: JsonObject): void {
  facts.stopReason = textOf(source.stop_reason) ?? facts.stopReason;
  facts.refusalCategory = textOf(objectOf(source.stop_details).category) ?? facts.refusalCategory;
}

/** A refusal that came before any output and whose category is not billed. */
export function isFreeRefusal(facts: AnswerFacts): boolean {
  return facts.stopReason === 'refusal' && !facts.hasOutput && !BILLED_REFUSAL_CATEGORIES.has(facts.refusalCategory);
}

/** The usage to bill. @returns undefined when the answer reported none. */
export function readBilledUsage(facts: AnswerFacts): BilledUsage | undefined {
  const { usage } = facts;
  if (usage === undefined) return undefined;
  const iterations = objectsOf(usage.iterations);
  const passes =
    iterations.length === 0
      ? [readPass(usage, 'message', facts.model)]
      : dropFreeAttempts(iterations, facts).map((entry) =>
          readPass(entry, textOf(entry.type) ?? 'message', textOf(entry.model) ?? facts.model),
        );
  return {
    model: facts.model,
    passes,
    webSearches: readCount(objectOf(usage.server_tool_use).web_search_requests),
    serviceTier: textOf(usage.service_tier),
    inferenceGeo: textOf(usage.inference_geo),
    speed: textOf(usage.speed),
  };
}

/** Takes out the attempts that ended in a free refusal: the n-th attempt ended at the n-th `fallback` block. */
function dropFreeAttempts(iterations: JsonObject[], facts: AnswerFacts): JsonObject[] {
  const attempts = iterations.filter((entry) => entry.type === 'message' || entry.type === 'fallback_message');
  const free = new Set(
    facts.fallbacks.flatMap(({ category, early }, index) =>
      early && !BILLED_REFUSAL_CATEGORIES.has(category) ? [attempts[index]] : [],
    ),
  );
  return iterations.filter((entry) => !free.has(entry));
}

function readPass(source: JsonObject, kind: string, model: string): BilledPass {
  const split = objectOf(source.cache_creation);
  const hour = readCount(split.ephemeral_1h_input_tokens);
  const fiveMinutes = readCount(split.ephemeral_5m_input_tokens);
  const reported = readCount(source.cache_creation_input_tokens);
  // The total rules; without one, the split does. What the split does not explain is written for five minutes.
  const written = reported > 0n ? reported : hour + fiveMinutes;
  const cacheWrite1h = hour < written ? hour : written;
  return {
    model,
    kind,
    input: readCount(source.input_tokens),
    cacheWrite5m: written - cacheWrite1h,
    cacheWrite1h,
    cacheRead: readCount(source.cache_read_input_tokens),
    output: readCount(source.output_tokens),
  };
}

/** Nobody owes for a count that is missing, negative or no number. */
function readCount(value: unknown): bigint {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? BigInt(Math.trunc(value)) : 0n;
}

/**
 * The usage of a call that was left half way: the prompt of its first pass, as `message_start` has it, and the given
 * part of the output. Searches, advice and summaries are taken to have come later.
 * @param start what `message_start` says; undefined when nothing had been sent.
 */
export function readUsageSoFar(
  whole: AnswerFacts,
  start: AnswerFacts | undefined,
  generatedShare: number,
): BilledUsage | undefined {
  const source = readBilledUsage(start ?? whole) ?? readBilledUsage(whole);
  const [pass] = source?.passes ?? [];
  if (source === undefined || pass === undefined) return undefined;
  const output = (readCount(whole.usage?.output_tokens) * BigInt(Math.ceil(generatedShare * 1e6))) / 1_000_000n;
  return { ...source, webSearches: 0n, passes: [{ ...pass, output }] };
}
