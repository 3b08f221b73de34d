import { countSearches } from './call-ceiling.ts';
import type { MessagesRequest } from './call-request.ts';
import { estimateOutput, estimateUsage } from './estimate-usage.ts';
import { boundPromptTokens } from './prompt-bound.ts';
import type { ModelCard } from './rate-card.ts';
import type { CallUsage, TokenUsage, UsagePass } from './usage.ts';

export interface MendTerms {
  request: MessagesRequest;
  /** The requested model's card. */
  model: ModelCard;
  visibleCharacters: number;
  charactersPer100Tokens?: number | undefined;
  /** Searches that may be believed of a request that is not known. */
  leastSearches: number;
  /** The most that is believed of one pass: of its prompt in all, and of its output. */
  believed(pass: UsagePass): { promptTokens: number; outputTokens: number };
}

/** Dearest first: where several are beyond the call, what it could use is taken to be of the first. */
const PROMPT_CLASSES = ['cacheWrite1h', 'cacheWrite5m', 'input', 'cacheRead'] as const;

/**
 * Usage that cannot be, made such that it can, class by class: a count that may be believed stays, one beyond the call
 * becomes the most that the call could use, and one below zero, or no number, an estimate.
 */
export function mendUsage(usage: CallUsage, terms: MendTerms): CallUsage {
  const mostSearches = Math.max(countSearches(terms.request.tools), terms.leastSearches);
  return {
    ...usage,
    passes: usage.passes.map((pass) => mendPass(pass, terms)),
    webSearches: isKnown(usage.webSearches) ? Math.min(Math.ceil(usage.webSearches), mostSearches) : 0,
  };
}

function mendPass(pass: UsagePass, terms: MendTerms): UsagePass {
  const { request, model } = terms;
  const most = terms.believed(pass);
  const tokens: TokenUsage = { ...pass.tokens };
  const beyond = new Set(PROMPT_CLASSES.filter((name) => isBeyond(pass, name, most.promptTokens)));
  const unknown = PROMPT_CLASSES.filter((name) => isUnknown(pass, name));
  for (const name of PROMPT_CLASSES) tokens[name] = Math.ceil(tokens[name]);
  for (const name of [...beyond, ...unknown]) tokens[name] = 0;
  if (sumPrompt(tokens) > most.promptTokens) {
    const largest = PROMPT_CLASSES.reduce((one, other) => (tokens[other] > tokens[one] ? other : one));
    tokens[largest] = 0;
    beyond.add(largest);
  }
  const boundTokens = boundPromptTokens(request, model);
  for (const name of beyond) tokens[name] = Math.max(0, boundTokens - sumPrompt(tokens));
  if (unknown.includes('input')) {
    const [guess] = estimateUsage(request, model, 0).passes;
    tokens.input = Math.max(0, (guess?.tokens.input ?? 0) - sumPrompt(tokens));
  }
  tokens.output = mendOutput(pass, terms, most.outputTokens);
  return { ...pass, tokens };
}

function mendOutput(pass: UsagePass, terms: MendTerms, believedTokens: number): number {
  const { request, model, visibleCharacters, charactersPer100Tokens } = terms;
  if (isUnknown(pass, 'output')) return estimateOutput(request, visibleCharacters, charactersPer100Tokens);
  if (isBeyond(pass, 'output', believedTokens)) return Math.min(request.maxTokens, model.maxOutputTokens);
  return Math.ceil(pass.tokens.output);
}

function isUnknown({ bent, tokens }: UsagePass, name: keyof TokenUsage): boolean {
  return bent?.[name] === 'unknown' || !isKnown(tokens[name]);
}

function isBeyond({ bent, tokens }: UsagePass, name: keyof TokenUsage, most: number): boolean {
  return bent?.[name] === 'beyond' || tokens[name] > most;
}

function isKnown(count: number): boolean {
  return count >= 0;
}

function sumPrompt(tokens: TokenUsage): number {
  return PROMPT_CLASSES.reduce((sum, name) => sum + tokens[name], 0);
}
