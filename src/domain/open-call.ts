import { ceilCall, type UnboundedPart } from './call-ceiling.ts';
import type { MessagesRequest } from './call-request.ts';
import type { NanoUsd } from './money.ts';
import { multiplyToNanoUsd } from './multiplier.ts';
import { isServerTool } from './prompt-bound.ts';
import type { RateCard } from './rate-card.ts';

/** What leaves a request's cost open: {@link UnboundedPart}, and a chain of models that the API chooses. */
export type OpenPart = UnboundedPart | 'fallbacks';

/**
 * Prompt tokens assumed of an open call that none of its kind is known of. Server tools put their results into the
 * prompt of the next pass: the largest sum recorded of one call, ten searches, was 404,500 tokens.
 */
const OPEN_PROMPT_TOKENS = 400_000;
/** Searches assumed of a call that sets no `max_uses`: those of the same recording. */
const OPEN_SEARCHES = 10n;

/** The open parts of a request, in a fixed order; none: its ceiling cannot be overrun. */
export function findOpenParts(request: MessagesRequest, unbounded: readonly UnboundedPart[]): readonly OpenPart[] {
  return request.fallbacks === 'default' ? [...unbounded, 'fallbacks'] : unbounded;
}

/**
 * The least that is held for an open call: one pass over {@link OPEN_PROMPT_TOKENS}, written to the cache, with its own
 * output; a pass more for an advisor and for a chain the API chooses; the searches. Never more than the ceiling, which
 * for such a call is no limit but a high figure.
 * @returns undefined where the card has no prices for it.
 */
export function floorOpenCall(
  card: RateCard,
  request: MessagesRequest,
  parts: readonly OpenPart[],
  atMs: number,
): NanoUsd | undefined {
  const ceiling = ceilCall(card, request, atMs);
  const single = onePass(request);
  const wide = {
    ...single,
    textBytes: Math.max(single.textBytes, OPEN_PROMPT_TOKENS),
    cacheWrite: single.cacheWrite === 'none' ? ('5m' as const) : single.cacheWrite,
  };
  const models = [request.model, ...advisorsOf(request)];
  if (parts.includes('fallbacks')) models.push(request.model);
  let floor = parts.includes('web_search')
    ? multiplyToNanoUsd(OPEN_SEARCHES * card.webSearchPicoUsd, card.multiplier)
    : 0n;
  for (const model of models) {
    const pass = ceilCall(card, { ...wide, model }, atMs);
    if (!pass.priced) return undefined;
    floor += pass.amountNanoUsd;
  }
  if (!ceiling.priced) return undefined;
  return floor < ceiling.amountNanoUsd ? floor : ceiling.amountNanoUsd;
}

function advisorsOf({ model, tools }: MessagesRequest): string[] {
  return tools.filter(({ type }) => type.startsWith('advisor')).map((tool) => tool.model ?? model);
}

/** The request as if it were sampled once, over the prompt in its body. */
export function onePass(request: MessagesRequest): MessagesRequest {
  const tools = request.tools.filter((tool) => !isServerTool(tool));
  return {
    ...request,
    tools,
    // A server tool has a definition in the prompt too: it is counted as one of the client's.
    customTools: request.customTools + (request.tools.length - tools.length),
    mcpServers: 0,
    container: false,
    compaction: false,
    fallbacks: [],
    thread: request.thread === 'continue' ? undefined : request.thread,
  };
}
