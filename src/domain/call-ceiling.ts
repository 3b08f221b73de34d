import type { FallbackModel, MessagesRequest, RequestTool } from './call-request.ts';
import { findCeilingRates, type PassTerms } from './ceiling-rates.ts';
import { larger, type NanoUsd } from './money.ts';
import { multiplyToNanoUsd } from './multiplier.ts';
import { boundPromptTokens, isServerTool, mayLoop, SERVER_LOOP_PASSES } from './prompt-bound.ts';
import { findModel, type ModelCard, type RateCard } from './rate-card.ts';

export type CallCeiling =
  | {
      priced: true;
      /** The most the call can cost, as far as it can be bounded. */
      amountNanoUsd: NanoUsd;
      /** The most tokens of all classes, for token quotas. */
      tokens: bigint;
      /** What of the request has no bound of its own, see {@link UnboundedPart}. Empty for a plain call. */
      unbounded: UnboundedPart[];
    }
  | { priced: false; model: string };

/**
 * What the request leaves open. The amount then holds a usual figure for it, not a limit:
 * searches and advisor calls without `max_uses`; a thread's stored prompt and MCP results (bounded by the window per
 * pass); the time of a container, which no usage reports; a server tool of a kind unknown here.
 */
export type UnboundedPart = 'web_search' | 'advisor' | 'thread' | 'mcp' | 'code_execution' | 'unknown_tool';

/** Searches assumed where `max_uses` is absent: ten in each pass of the loop. */
export const ASSUMED_SEARCHES = 100;
/** Advisor calls assumed where `max_uses` is absent: one in each pass of the loop. */
const ASSUMED_ADVISOR_CALLS = SERVER_LOOP_PASSES;
/** A `fallbacks` chain has three models at most, whether listed or left to the API. */
const FALLBACK_HOPS = 3;

/** Tokens and their price, summed over what a request can set off. */
interface Sum {
  pico: bigint;
  tokens: bigint;
}
type Part = Sum | { unpricedModel: string };

/**
 * The amount one call can cost at most, by the prices in force at an instant (ms since 1970). For a plain call no
 * usage the API can report exceeds it.
 * @returns `priced: false` with the first model the request names that the card has no prices for.
 */
export function ceilCall(card: RateCard, request: MessagesRequest, atMs: number): CallCeiling {
  const first = ceilNamedModel(card, request, REQUESTED, atMs, false);
  if ('unpricedModel' in first) return { priced: false, model: first.unpricedModel };
  let { pico, tokens } = first;
  // A plain call sets off nothing else.
  for (const part of isPlain(request) ? NO_PARTS : listOtherParts(card, request, atMs)) {
    if ('unpricedModel' in part) return { priced: false, model: part.unpricedModel };
    pico += part.pico;
    tokens += part.tokens;
  }
  const searches = countSearches(request.tools);
  if (searches > 0) pico += BigInt(searches) * card.webSearchPicoUsd;
  const amountNanoUsd = multiplyToNanoUsd(pico, card.multiplier);
  return { priced: true, amountNanoUsd, tokens, unbounded: findUnbounded(request) };
}

const REQUESTED = { model: undefined, maxTokens: undefined, speed: undefined };
const NO_PARTS: readonly Part[] = [];

function isPlain({ fallbacks, tools, compaction }: MessagesRequest): boolean {
  return fallbacks.length === 0 && tools.length === 0 && !compaction;
}

function listOtherParts(card: RateCard, request: MessagesRequest, atMs: number): Part[] {
  const parts = [
    ...fallbackParts(card, request, atMs),
    ...request.tools
      .filter((tool) => tool.type.startsWith('advisor'))
      .map((tool) => ceilAdvisor(card, request, tool, atMs)),
  ];
  if (request.compaction) parts.push(ceilCompaction(card, request, atMs));
  return parts;
}

function ceilNamedModel(
  card: RateCard,
  request: MessagesRequest,
  hop: Omit<FallbackModel, 'model'> & { model: string | undefined },
  atMs: number,
  isFallback: boolean,
): Part {
  const name = hop.model ?? request.model;
  const model = findModel(card, name);
  return model === undefined ? { unpricedModel: name } : ceilHop(card, request, model, hop, atMs, isFallback);
}

/** One model's attempt at the request: its first pass and, with server tools, the nine that may follow. */
function ceilHop(
  card: RateCard,
  request: MessagesRequest,
  model: ModelCard,
  hop: Omit<FallbackModel, 'model'>,
  atMs: number,
  isFallback: boolean,
): Part {
  const loops = mayLoop(request);
  const window = model.contextWindowTokens;
  // A fallback goes on from what the declining model had written.
  const written = isFallback ? request.maxTokens : 0;
  const first = Math.min(boundPromptTokens(request, model) + written, window);
  const terms: PassTerms = {
    speed: hop.speed ?? request.speed,
    inherited: isFallback && hop.speed === undefined,
    promptTokens: loops ? window : first,
    loops,
  };
  const prompt = loops ? first + (SERVER_LOOP_PASSES - 1) * window : first;
  const output = Math.min(hop.maxTokens ?? request.maxTokens, model.maxOutputTokens);
  return sumPass(card, request, model, terms, prompt, output, atMs);
}

function sumPass(
  card: RateCard,
  request: MessagesRequest,
  model: ModelCard,
  terms: PassTerms,
  promptTokens: number,
  outputTokens: number,
  atMs: number,
): Part {
  const rates = findCeilingRates(card, request, model, terms, atMs);
  if (rates === undefined) return { unpricedModel: model.id };
  const prompt = BigInt(promptTokens);
  const output = BigInt(outputTokens);
  return { pico: prompt * rates.promptToken + output * rates.outputToken, tokens: prompt + output };
}

function fallbackParts(card: RateCard, request: MessagesRequest, atMs: number): Part[] {
  if (request.fallbacks !== 'default')
    return request.fallbacks.map((hop) => ceilNamedModel(card, request, hop, atMs, true));
  const most = ceilActiveHop(card, request, atMs);
  return Array.from({ length: FALLBACK_HOPS }, () => most);
}

/** The API chooses the models of `default`: any in service. The dearest need not be the one with the most tokens. */
function ceilActiveHop(card: RateCard, request: MessagesRequest, atMs: number): Sum {
  const hop = { maxTokens: undefined, speed: undefined };
  return card.models
    .filter((model) => model.status === 'active')
    .map((model) => ceilHop(card, request, model, hop, atMs, true))
    .filter((part) => 'pico' in part)
    .reduce((most, part) => ({ pico: larger(most.pico, part.pico), tokens: larger(most.tokens, part.tokens) }), {
      pico: 0n,
      tokens: 0n,
    });
}

/** Each advisor call reads the whole transcript and writes up to its own bound; `max_tokens` does not hold it. */
function ceilAdvisor(card: RateCard, request: MessagesRequest, tool: RequestTool, atMs: number): Part {
  const model = findModel(card, tool.model ?? request.model);
  if (model === undefined) return { unpricedModel: tool.model ?? request.model };
  const calls = tool.maxUses ?? ASSUMED_ADVISOR_CALLS;
  const window = model.contextWindowTokens;
  const terms = { speed: undefined, promptTokens: window, loops: true };
  const output = Math.min(tool.maxTokens ?? model.maxOutputTokens, model.maxOutputTokens);
  const one = sumPass(card, request, model, terms, window, output, atMs);
  return 'pico' in one ? { pico: one.pico * BigInt(calls), tokens: one.tokens * BigInt(calls) } : one;
}

/** A compaction is one more pass over a full prompt, whose summary `max_tokens` does not hold. */
function ceilCompaction(card: RateCard, request: MessagesRequest, atMs: number): Part {
  const model = findModel(card, request.model);
  if (model === undefined) return { unpricedModel: request.model };
  const window = model.contextWindowTokens;
  const prompt = mayLoop(request) ? window : boundPromptTokens(request, model);
  const terms = { speed: request.speed, promptTokens: prompt, loops: true };
  return sumPass(card, request, model, terms, prompt, model.maxOutputTokens, atMs);
}

/** The most searches the request asks for; without `max_uses`, a usual figure. */
export function countSearches(tools: readonly RequestTool[]): number {
  let sum = 0;
  for (const tool of tools) if (tool.type.startsWith('web_search')) sum += tool.maxUses ?? ASSUMED_SEARCHES;
  return sum;
}

const KNOWN_SERVER_TOOLS = ['web_search', 'web_fetch', 'code_execution', 'tool_search', 'advisor', 'mcp_toolset'];

function findUnbounded(request: MessagesRequest): UnboundedPart[] {
  const { tools, thread, mcpServers, container } = request;
  if (tools.length === 0 && thread !== 'continue' && mcpServers === 0 && !container) return [];
  const has = (prefix: string) => request.tools.some((tool) => tool.type.startsWith(prefix));
  const hasOpen = (prefix: string) =>
    request.tools.some((tool) => tool.type.startsWith(prefix) && tool.maxUses === undefined);
  const isUnknown = (tool: RequestTool) =>
    isServerTool(tool) && !KNOWN_SERVER_TOOLS.some((prefix) => tool.type.startsWith(prefix));
  const open: [UnboundedPart, boolean][] = [
    ['web_search', hasOpen('web_search')],
    ['advisor', hasOpen('advisor')],
    ['thread', request.thread === 'continue'],
    ['mcp', request.mcpServers > 0 || has('mcp_toolset')],
    ['code_execution', request.container || has('code_execution')],
    ['unknown_tool', request.tools.some(isUnknown)],
  ];
  return open.filter(([, isOpen]) => isOpen).map(([part]) => part);
}
