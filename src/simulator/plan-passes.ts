import { type JsonObject, objectOf, objectsOf, textOf } from './json-value.ts';
import type { MessagesRequest } from './messages-request.ts';
import { findListedModel } from './price-list.ts';
import { readLastUserText } from './prompt.ts';
import type { PromptTokens } from './prompt-cache.ts';
import type { AnswerOptions, SimulatedRefusal } from './scenario-types.ts';

/** What a request sets in motion besides one plain pass. */
export interface RequestFeatures {
  searches: number;
  /** Model of the advisor; undefined: none is asked. */
  advisorModel: string | undefined;
  /** `before`: older context is summarised first. `only`: the answer is the summary. */
  compaction: 'none' | 'before' | 'only';
  refusal: SimulatedRefusal | undefined;
  /** Serves when the model of the request refuses. */
  fallbackModel: string | undefined;
  /** The answer reports its passes one by one. */
  reportsIterations: boolean;
}

/** One sampling pass as `usage.iterations` shows it. */
export interface SamplingPass {
  type: 'message' | 'compaction' | 'advisor_message' | 'fallback_message';
  model: string | undefined;
  prompt: PromptTokens;
  output: number;
}

/** A server tool loop pauses after so many passes. */
export const MAXIMUM_SEARCHES = 10;
const TOKENS_PER_SEARCH_RESULT = 2_600;
const TOKENS_PER_ADVICE = 420;
const SUMMARY_TOKENS = 120;
const DEFAULT_COMPACTION_TRIGGER = 150_000;
/** In a prompt, makes the simulated model refuse without a category: the way to see a refusal without a script. */
export const REFUSAL_WORD = 'SIMULATE_REFUSAL';

export function readFeatures(request: MessagesRequest, promptTokens: number, options: AnswerOptions): RequestFeatures {
  const { body } = request;
  const wordRefusal: SimulatedRefusal | undefined = readLastUserText(body).includes(REFUSAL_WORD)
    ? { category: null, when: 'before_output' }
    : undefined;
  const refusal = options.refusal ?? wordRefusal;
  const hasBeta = (prefix: string): boolean => request.betas.some((beta) => beta.startsWith(prefix));
  const advisor = hasBeta('advisor-tool-')
    ? objectsOf(body.tools).find((tool) => textOf(tool.type)?.startsWith('advisor_') && tool.max_uses !== 0)
    : undefined;
  const fallbacks = hasBeta('server-side-fallback-') ? objectsOf(body.fallbacks) : [];
  const fallback = findListedModel(textOf(fallbacks[0]?.model) ?? '');
  return {
    searches: options.webSearches ?? countSearches(body),
    advisorModel: findListedModel(textOf(advisor?.model) ?? '')?.id,
    compaction: hasBeta('compact-') ? readCompaction(body, promptTokens) : 'none',
    refusal,
    fallbackModel: refusal === undefined ? undefined : fallback?.id,
    reportsIterations: advisor !== undefined || fallback !== undefined || hasBeta('compact-'),
  };
}

function countSearches(body: JsonObject): number {
  const tool = objectsOf(body.tools).find((candidate) => textOf(candidate.type)?.startsWith('web_search_'));
  if (tool === undefined || objectOf(body.tool_choice).type === 'none') return 0;
  const asked = objectOf(body.tool_choice).name === tool.name || /search/i.test(readLastUserText(body));
  const most = typeof tool.max_uses === 'number' ? tool.max_uses : 2;
  return asked ? Math.min(most, 2) : 0;
}

function readCompaction(body: JsonObject, promptTokens: number): RequestFeatures['compaction'] {
  if (objectOf(body.compaction).type === 'summarize') return 'only';
  const edits = objectsOf(objectOf(body.context_management).edits);
  const edit = edits.find((candidate) => textOf(candidate.type)?.startsWith('compact_'));
  if (edit === undefined) return 'none';
  const trigger = objectOf(edit.trigger).value;
  return promptTokens >= (typeof trigger === 'number' ? trigger : DEFAULT_COMPACTION_TRIGGER) ? 'before' : 'none';
}

/** @param output all tokens of the answer itself, thinking included; advice and summaries come on top. */
export function planPasses(
  features: RequestFeatures,
  model: string,
  prompt: PromptTokens,
  output: number,
): SamplingPass[] {
  const passes: SamplingPass[] = [];
  let current = prompt;
  if (features.compaction !== 'none') {
    passes.push({ type: 'compaction', model: undefined, prompt, output: SUMMARY_TOKENS });
    if (features.compaction === 'only') return passes;
    current = plainPrompt(SUMMARY_TOKENS + 60);
  }
  let type: SamplingPass['type'] = 'message';
  let server: string | undefined;
  let left = output;
  if (features.fallbackModel !== undefined) {
    const refused = features.refusal?.when === 'mid_stream' ? Math.ceil(output / 4) : 0;
    passes.push({ type, model, prompt: current, output: refused });
    current = withoutWrites(current);
    type = 'fallback_message';
    server = features.fallbackModel;
    left -= refused;
  }
  const { searches, advisorModel } = features;
  const early = Math.floor(left / (2 * (searches + 2)));
  const pushStep = (growth: number): void => {
    passes.push({ type, model: server, prompt: current, output: early });
    left -= early;
    current = withoutWrites(current);
    current = { ...current, input: current.input + early + growth };
  };
  for (let search = 0; search < searches; search += 1) pushStep(TOKENS_PER_SEARCH_RESULT);
  if (advisorModel !== undefined) {
    const advised = plainPrompt(sumPrompt(current) + early);
    pushStep(TOKENS_PER_ADVICE);
    passes.push({ type: 'advisor_message', model: advisorModel, prompt: advised, output: TOKENS_PER_ADVICE });
  }
  passes.push({ type, model: server, prompt: current, output: left });
  return passes;
}

export function sumPrompt(prompt: PromptTokens): number {
  return prompt.input + prompt.cacheRead + prompt.cacheWrite5m + prompt.cacheWrite1h;
}

function plainPrompt(input: number): PromptTokens {
  return { input, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
}

/** What one pass wrote, the next one reads. */
function withoutWrites(prompt: PromptTokens): PromptTokens {
  const cacheRead = prompt.cacheRead + prompt.cacheWrite5m + prompt.cacheWrite1h;
  return { input: prompt.input, cacheRead, cacheWrite5m: 0, cacheWrite1h: 0 };
}
