import { type JsonObject, objectOf, objectsOf } from './json-value.ts';
import type { MessagesRequest } from './messages-request.ts';
import type { RequestFeatures, SamplingPass } from './plan-passes.ts';
import type { AnswerOptions } from './scenario-types.ts';

/** The usage of `message_start` and the final one of a JSON body. */
export interface PlannedUsage {
  start: JsonObject;
  final: JsonObject;
}

/** Fields that a stream reports in `message_start` only. */
const START_ONLY = ['cache_creation', 'service_tier', 'inference_geo', 'speed'] as const;

/**
 * Writes the usage as the API reports it: the top level sums the passes that made the message, or the ones of the model
 * that took over; advice and compaction stand in `iterations` alone.
 */
export function planUsage(
  request: MessagesRequest,
  features: RequestFeatures,
  passes: readonly SamplingPass[],
  thinkingTokens: number,
  options: AnswerOptions,
): PlannedUsage {
  const served = features.fallbackModel === undefined ? 'message' : 'fallback_message';
  const counted = passes.filter((pass) => pass.type === served);
  const terms = readTerms(request);
  const hasServerTools = objectsOf(request.body.tools).some((tool) =>
    /^(web_search_|advisor_)/.test(String(tool.type)),
  );
  const final: JsonObject = {
    ...sumPasses(counted),
    ...(request.body.thinking === undefined ? {} : { output_tokens_details: { thinking_tokens: thinkingTokens } }),
    ...terms,
    ...(hasServerTools || features.searches > 0
      ? { server_tool_use: { web_search_requests: features.searches, web_fetch_requests: 0 } }
      : {}),
    ...(features.reportsIterations ? { iterations: passes.map(writeIteration) } : {}),
    ...options.usage,
  };
  const first = sumPasses(passes.slice(0, 1));
  const start: JsonObject = { ...first, ...terms, output_tokens: Math.min(Number(first.output_tokens), 4) };
  for (const field of START_ONLY) {
    if (options.usage?.[field] !== undefined) start[field] = options.usage[field];
  }
  return { start, final };
}

/** The part of the final usage that `message_delta` repeats. */
export function selectDeltaUsage(final: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(final).filter(([name]) => !START_ONLY.some((field) => field === name)));
}

/** Where and how the call ran. */
function readTerms({ body, model }: MessagesRequest): JsonObject {
  const placed = model.usMultiplierPercent !== 100n;
  const geo = placed ? (body.inference_geo === 'us' ? 'us' : 'global') : 'not_available';
  const speed = body.speed === 'fast' && model.fast !== undefined ? 'fast' : 'standard';
  return {
    service_tier: 'standard',
    inference_geo: geo,
    ...(body.speed === undefined || body.speed === null ? {} : { speed }),
  };
}

function sumPasses(passes: readonly SamplingPass[]): JsonObject {
  const sum = (read: (pass: SamplingPass) => number): number => passes.reduce((total, pass) => total + read(pass), 0);
  const fiveMinutes = sum((pass) => pass.prompt.cacheWrite5m);
  const hour = sum((pass) => pass.prompt.cacheWrite1h);
  return {
    input_tokens: sum((pass) => pass.prompt.input),
    cache_creation_input_tokens: fiveMinutes + hour,
    cache_read_input_tokens: sum((pass) => pass.prompt.cacheRead),
    cache_creation: { ephemeral_5m_input_tokens: fiveMinutes, ephemeral_1h_input_tokens: hour },
    output_tokens: sum((pass) => pass.output),
  };
}

function writeIteration(pass: SamplingPass): JsonObject {
  return {
    ...objectOf(sumPasses([pass])),
    type: pass.type,
    ...(pass.model === undefined ? {} : { model: pass.model }),
  };
}
