import type { CallUsage, TokenUsage, UsagePass } from '../domain/usage.ts';
import type { AnswerFacts } from './answer-facts.ts';
import { markRefusals } from './mark-refusals.ts';

/** A `usage` object as it came: any JSON. */
export type RawUsage = { readonly [name: string]: unknown };

export interface ReadUsage {
  usage: CallUsage;
  /** Short stable words; see {@link readCount} and {@link readMessageUsage}. */
  anomalies: string[];
}

/**
 * The most tokens believed of one count: ten passes over a window of a million, twice over. No recorded answer comes
 * near; a larger number is a fault upstream and would otherwise empty an account.
 */
const PLAUSIBLE_TOKENS = 20_000_000;
const PLAUSIBLE_SEARCHES = 1_000;

/**
 * Normalises the usage of a finished or broken-off answer. Absent, null and zero are the same.
 *
 * A non-empty `iterations` is the record of all passes, each priced at its own model; the top-level counts leave out
 * compaction and advisor passes. Without it the top level is the one pass.
 * @param requestedModel priced where the answer names no model.
 */
export function readMessageUsage(raw: RawUsage, facts: AnswerFacts, requestedModel: string | undefined): ReadUsage {
  const anomalies: string[] = [];
  if (facts.model === undefined) anomalies.push('model_missing');
  const answeringModel = facts.model ?? requestedModel ?? '';
  // A stream's message_start names the first model, a JSON answer the serving one; a hop names both.
  const firstModel = facts.hops[0]?.fromModel ?? answeringModel;
  const model = facts.hops.at(-1)?.toModel ?? answeringModel;
  const passes = readPasses(raw, model, firstModel, anomalies);
  markRefusals(passes, facts);
  const usage: CallUsage = {
    model,
    passes,
    webSearches: readCount(objectOf(raw.server_tool_use)?.web_search_requests, PLAUSIBLE_SEARCHES, anomalies),
    serviceTier: textOf(raw.service_tier),
    inferenceGeo: textOf(raw.inference_geo),
    speed: textOf(raw.speed),
  };
  if (facts.stopReason !== undefined) usage.stopReason = facts.stopReason;
  return { usage, anomalies: withoutRepeats(anomalies) };
}

/**
 * Joins two usages of one stream: of each field the last that is not null counts, since later ones are cumulative.
 * `message_delta` has no split of the cache writes by time to live: the start's split is kept, except where the
 * writes it splits are taken back to nothing.
 */
export function mergeUsage(earlier: RawUsage | undefined, later: RawUsage): RawUsage {
  if (earlier === undefined && saysAll(later)) return later;
  const merged: { [name: string]: unknown } = { ...earlier };
  for (const [name, value] of Object.entries(later)) if (value !== null && value !== undefined) merged[name] = value;
  const takenBack = later.cache_creation_input_tokens === 0 && isPositive(earlier?.cache_creation_input_tokens);
  if (takenBack && objectOf(later.cache_creation) === undefined) delete merged.cache_creation;
  return merged;
}

function saysAll(usage: RawUsage): boolean {
  for (const name in usage) if (usage[name] === null || usage[name] === undefined) return false;
  return true;
}

function readPasses(raw: RawUsage, model: string, firstModel: string, anomalies: string[]): UsagePass[] {
  const topLevel = toPass(model, 'message', raw, anomalies);
  const entries = Array.isArray(raw.iterations) ? raw.iterations.map(objectOf) : [];
  const passes: UsagePass[] = [];
  for (const entry of entries) {
    if (entry === undefined) anomalies.push('malformed_iteration');
    else passes.push(readIteration(entry, model, firstModel, anomalies));
  }
  if (passes.length === 0) return [topLevel];
  // The sum of the sampling passes equals the top level. Were there none of them, it would be served for nothing.
  const samples = passes.some((pass) => pass.kind === 'message' || pass.kind === 'fallback_message');
  if (samples || totalTokens(topLevel.tokens) === 0) return passes;
  anomalies.push('iterations_without_message');
  return [...passes, topLevel];
}

/** The serving model answers for a `fallback_message`, the first for any other pass that names none. */
function readIteration(entry: RawUsage, model: string, firstModel: string, anomalies: string[]): UsagePass {
  const kind = textOf(entry.type) ?? 'message';
  const unnamed = kind === 'fallback_message' ? model : firstModel;
  return toPass(textOf(entry.model) ?? unnamed, kind, entry, anomalies);
}

function toPass(model: string, kind: string, raw: RawUsage, anomalies: string[]): UsagePass {
  const before = anomalies.length;
  const pass: UsagePass = { model, kind, tokens: readTokens(raw, anomalies) };
  // What cannot be read as it stands is an anomaly, and hardly ever is anything one.
  const bent = anomalies.length === before ? undefined : findBent(raw);
  if (bent !== undefined) pass.bent = bent;
  return pass;
}

/**
 * Cache writes are split as the API bills them: the 1-hour part, at most all of it, and the rest at the 5-minute
 * price. Where only the split is given, its sum is the whole.
 */
function readTokens(raw: RawUsage, anomalies: string[]): TokenUsage {
  const split = objectOf(raw.cache_creation);
  const hour = readCount(split?.ephemeral_1h_input_tokens, PLAUSIBLE_TOKENS, anomalies);
  const minutes = readCount(split?.ephemeral_5m_input_tokens, PLAUSIBLE_TOKENS, anomalies);
  const written = readCount(raw.cache_creation_input_tokens, PLAUSIBLE_TOKENS, anomalies) || hour + minutes;
  const cacheWrite1h = Math.min(hour, written);
  return {
    input: readCount(raw.input_tokens, PLAUSIBLE_TOKENS, anomalies),
    cacheWrite5m: written - cacheWrite1h,
    cacheWrite1h,
    cacheRead: readCount(raw.cache_read_input_tokens, PLAUSIBLE_TOKENS, anomalies),
    output: readCount(raw.output_tokens, PLAUSIBLE_TOKENS, anomalies),
  };
}

/** Which classes could not be read as they stand. */
function findBent(raw: RawUsage): UsagePass['bent'] {
  const split = objectOf(raw.cache_creation);
  const counts: [keyof TokenUsage, unknown][] = [
    ['input', raw.input_tokens],
    ['cacheWrite5m', raw.cache_creation_input_tokens ?? split?.ephemeral_5m_input_tokens],
    ['cacheWrite1h', split?.ephemeral_1h_input_tokens],
    ['cacheRead', raw.cache_read_input_tokens],
    ['output', raw.output_tokens],
  ];
  const bent: NonNullable<UsagePass['bent']> = {};
  for (const [name, value] of counts) {
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number' || value < 0) bent[name] = 'unknown';
    else if (value > PLAUSIBLE_TOKENS) bent[name] = 'beyond';
  }
  return Object.keys(bent).length === 0 ? undefined : bent;
}

/** A count as a whole number from 0 to the most that is believed; what had to be bent is said. */
function readCount(value: unknown, most: number, anomalies: string[]): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number') {
    anomalies.push('not_a_count');
    return 0;
  }
  if (value < 0) anomalies.push('negative_count');
  else if (value > most) anomalies.push('absurd_count');
  else if (!Number.isInteger(value)) anomalies.push('fractional_count');
  return Math.max(0, Math.min(Math.ceil(value), most));
}

function withoutRepeats(anomalies: string[]): string[] {
  return anomalies.length < 2 ? anomalies : [...new Set(anomalies)];
}

function totalTokens(tokens: TokenUsage): number {
  return Object.values(tokens).reduce((sum: number, count: number) => sum + count, 0);
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && value > 0;
}

/** A JSON object; undefined for anything else. */
export function objectOf(value: unknown): RawUsage | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RawUsage) : undefined;
}

/** A text that is not empty; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
