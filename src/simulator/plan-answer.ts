import { writeFillerText } from './filler-text.ts';
import { type JsonObject, objectOf, objectsOf, textOf } from './json-value.ts';
import type { MessagesRequest } from './messages-request.ts';
import { MAXIMUM_SEARCHES, planPasses, type RequestFeatures, readFeatures, sumPrompt } from './plan-passes.ts';
import { type PlannedUsage, planUsage } from './plan-usage.ts';
import {
  type PlannedBlock,
  planCompaction,
  planServerTool,
  planText,
  planThinking,
  planToolUse,
  planWhole,
} from './planned-blocks.ts';
import { estimateTokens } from './prompt.ts';
import type { PromptTokens } from './prompt-cache.ts';
import { sampleSchemaValue } from './sample-schema-value.ts';
import type { AnswerOptions } from './scenario-types.ts';
import type { SeededRandom } from './seeded-random.ts';

/** An answer made up before its first byte is sent. */
export interface AnswerPlan {
  messageId: string;
  /** Named by `message_start`. */
  startModel: string;
  /** Named by a JSON body. */
  model: string;
  blocks: PlannedBlock[];
  stopReason: string;
  stopSequence: string | null;
  stopDetails: JsonObject | null;
  usage: PlannedUsage;
  /** Tokens generated from first to last. */
  outputTokens: number;
}

interface Draft {
  text: string;
  tool: JsonObject | undefined;
  thinkingTokens: number;
  /** Thinking and the rest. */
  outputTokens: number;
  stopReason: string;
  stopSequence: string | null;
}

/** Makes up an answer from the request, what the cache said of its prompt, the scenario's wishes and the seed. */
export function planAnswer(
  request: MessagesRequest,
  cached: PromptTokens,
  options: AnswerOptions,
  random: SeededRandom,
): AnswerPlan {
  const prompt =
    options.inputTokens === undefined
      ? cached
      : { input: options.inputTokens, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
  const features = readFeatures(request, sumPrompt(prompt), options);
  const draft = draftAnswer(request, sumPrompt(prompt), features, options, random);
  const passes = planPasses(features, request.model.id, prompt, draft.outputTokens);
  const early = features.refusal?.when !== 'mid_stream';
  const model = features.fallbackModel ?? request.model.id;
  return {
    messageId: random.identifier('msg_01', 22),
    startModel: early ? model : request.model.id,
    model,
    blocks: planBlocks(request, features, draft, options, random),
    stopReason: options.stopReason ?? draft.stopReason,
    stopSequence: draft.stopSequence,
    stopDetails: draft.stopReason === 'refusal' ? writeRefusal(features) : null,
    usage: planUsage(request, features, passes, draft.thinkingTokens, options),
    outputTokens: passes.reduce((sum, pass) => sum + pass.output, 0),
  };
}

function draftAnswer(
  request: MessagesRequest,
  promptTokens: number,
  features: RequestFeatures,
  options: AnswerOptions,
  random: SeededRandom,
): Draft {
  const { body, maxTokens } = request;
  const thinkingWanted = options.thinkingTokens ?? wantedThinking(body, promptTokens);
  const tool = chooseTool(body, options);
  const fixedText = options.text ?? sampleStructuredText(body);
  const visibleWanted =
    fixedText === undefined
      ? 24 + ((promptTokens * 7 + random.integer(64)) % 200)
      : estimateTokens(fixedText, request.model);
  const wanted = thinkingWanted + visibleWanted;
  const outputTokens = options.outputTokens ?? Math.min(maxTokens, wanted);
  const thinkingTokens = Math.min(thinkingWanted, outputTokens);
  const base = { thinkingTokens, outputTokens, tool: undefined, stopSequence: null };
  if (maxTokens === 0) return { ...base, text: '', stopReason: 'max_tokens' };
  if (features.compaction === 'only') return { ...base, text: '', stopReason: 'compaction' };
  if (features.refusal !== undefined && features.fallbackModel === undefined) {
    const silent = features.refusal.when === 'before_output';
    const text = silent ? '' : (options.text ?? writeFillerText((outputTokens - thinkingTokens) * 4, random));
    if (silent) return { ...base, thinkingTokens: 0, outputTokens: 0, text, stopReason: 'refusal' };
    return { ...base, text, stopReason: 'refusal' };
  }
  const text = fixedText ?? writeFillerText((outputTokens - thinkingTokens) * 4, random);
  const stop = cutAtStopSequence(text, body);
  if (stop !== undefined) return { ...base, text: stop.text, stopReason: 'stop_sequence', stopSequence: stop.sequence };
  const capped = options.outputTokens === undefined && wanted > maxTokens;
  if (capped) return { ...base, text, stopReason: 'max_tokens' };
  if (tool !== undefined) return { ...base, text, tool, stopReason: 'tool_use' };
  return { ...base, text, stopReason: features.searches >= MAXIMUM_SEARCHES ? 'pause_turn' : 'end_turn' };
}

function wantedThinking(body: JsonObject, promptTokens: number): number {
  const thinking = objectOf(body.thinking);
  if (thinking.type !== 'enabled' && thinking.type !== 'adaptive') return 0;
  const budget = typeof thinking.budget_tokens === 'number' ? thinking.budget_tokens : 4_096;
  return Math.min(budget, 40 + (promptTokens % 120));
}

/** A tool is called when the choice demands one, or the scenario's stop reason says so. */
function chooseTool(body: JsonObject, options: AnswerOptions): JsonObject | undefined {
  const choice = objectOf(body.tool_choice);
  const own = objectsOf(body.tools).filter(
    (tool) => !/^(web_search_|web_fetch_|code_execution_|advisor_)/.test(String(tool.type)),
  );
  if (choice.type === 'tool') return own.find((tool) => tool.name === choice.name);
  return choice.type === 'any' || options.stopReason === 'tool_use' ? own[0] : undefined;
}

/** Where a JSON schema is asked for, text that fits it. */
function sampleStructuredText(body: JsonObject): string | undefined {
  const format = objectOf(objectOf(body.output_config).format ?? body.output_format);
  return format.type === 'json_schema' ? JSON.stringify(sampleSchemaValue(format.schema)) : undefined;
}

function cutAtStopSequence(text: string, body: JsonObject): { text: string; sequence: string } | undefined {
  const sequences = Array.isArray(body.stop_sequences)
    ? body.stop_sequences.filter((entry) => typeof entry === 'string')
    : [];
  const found = sequences
    .map((sequence) => ({ sequence, index: sequence === '' ? -1 : text.indexOf(sequence) }))
    .filter(({ index }) => index >= 0)
    .sort((one, other) => one.index - other.index)[0];
  return found === undefined ? undefined : { text: text.slice(0, found.index), sequence: found.sequence };
}

function planBlocks(
  request: MessagesRequest,
  features: RequestFeatures,
  draft: Draft,
  options: AnswerOptions,
  random: SeededRandom,
): PlannedBlock[] {
  const blocks: PlannedBlock[] = [];
  const visible = draft.outputTokens - draft.thinkingTokens;
  if (features.compaction !== 'none') blocks.push(planCompaction(writeFillerText(480, random)));
  if (features.fallbackModel !== undefined) blocks.push(...planHandOver(request, features, visible, random));
  if (draft.thinkingTokens > 0) blocks.push(planThinkingBlock(request, draft.thinkingTokens, random));
  for (let search = 0; search < features.searches; search += 1) blocks.push(...planSearch(random));
  if (features.advisorModel !== undefined) blocks.push(...planAdvice(random));
  if (draft.text !== '') blocks.push(planText(draft.text, visible, options.deltas));
  if (draft.tool !== undefined) {
    blocks.push(planToolUse(String(draft.tool.name), sampleSchemaValue(draft.tool.input_schema), visible, random));
  }
  return blocks;
}

/** Newer models show no thinking unless asked to. */
function planThinkingBlock(request: MessagesRequest, tokens: number, random: SeededRandom): PlannedBlock {
  const display = textOf(objectOf(request.body.thinking).display);
  const shown = display === undefined ? request.model.tokenizer !== 'claude-4.7' : display === 'summarized';
  return planThinking(shown ? writeFillerText(tokens * 3, random) : '', tokens, random);
}

function planHandOver(
  request: MessagesRequest,
  features: RequestFeatures,
  visible: number,
  random: SeededRandom,
): PlannedBlock[] {
  const mark = planWhole({
    type: 'fallback',
    from: { model: textOf(request.body.model) ?? request.model.id },
    to: { model: features.fallbackModel },
    trigger: { type: 'refusal', category: features.refusal?.category ?? null },
  });
  if (features.refusal?.when !== 'mid_stream') return [mark];
  const tokens = Math.ceil(visible / 4);
  return [planText(writeFillerText(tokens * 4, random), tokens), mark];
}

function planSearch(random: SeededRandom): PlannedBlock[] {
  const results = ['first', 'second'].map((name) => ({
    type: 'web_search_result',
    title: `The ${name} result`,
    url: `https://example.com/${name}`,
    encrypted_content: random.identifier('E', 400),
    page_age: null,
  }));
  const result = { type: 'web_search_tool_result', content: results };
  return planServerTool('web_search', { query: 'toll roads' }, result, 24, random);
}

function planAdvice(random: SeededRandom): PlannedBlock[] {
  const content = { type: 'advisor_result', text: writeFillerText(300, random) };
  return planServerTool('advisor', {}, { type: 'advisor_tool_result', content }, 24, random);
}

function writeRefusal(features: RequestFeatures): JsonObject {
  return { type: 'refusal', category: features.refusal?.category ?? null, explanation: null };
}
