import { isObject, type JsonObject, objectOf, objectsOf, textOf } from './json-value.ts';
import type { MessagesRequest } from './messages-request.ts';
import type { ListedModel } from './price-list.ts';

/** One cacheable stretch of a prompt: a tool, a system block, a block of a message. */
export interface PromptPart {
  /** What the cache compares; without the cache mark itself. */
  content: string;
  tokens: number;
  /** Set where a cache breakpoint stands at its end. */
  cacheTtl: '5m' | '1h' | undefined;
}

/** Splits a prompt in the order the API renders it: tools, system, messages. */
export function readPromptParts(request: MessagesRequest): PromptPart[] {
  const { body, model } = request;
  const tools = objectsOf(body.tools).map((tool) => readPart('tool', tool, model));
  const system = blocksOf(body.system).map((block) => readPart('system', block, model));
  const messages = objectsOf(body.messages).flatMap((message) =>
    blocksOf(message.content).map((block) => readPart(String(message.role), block, model)),
  );
  const parts = [...overhead(request, tools.length), ...tools, ...system, ...messages];
  const last = parts.at(-1);
  // A mark at the top level stands for one on the last block.
  if (last !== undefined && isObject(body.cache_control)) last.cacheTtl ??= readTtl(body.cache_control);
  return parts;
}

export function countPromptTokens(parts: readonly PromptPart[]): number {
  return parts.reduce((sum, part) => sum + part.tokens, 0);
}

/** The text of the last user message. */
export function readLastUserText(body: JsonObject): string {
  const last = objectsOf(body.messages).findLast((message) => message.role === 'user');
  return blocksOf(last?.content)
    .map((block) => textOf(block.text) ?? '')
    .join('\n');
}

/** Tokens the API adds by itself: about eight for the frame, and its own instructions where there are tools. */
function overhead({ body, model }: MessagesRequest, tools: number): PromptPart[] {
  const choice = objectOf(body.tool_choice).type;
  const forced = choice === 'any' || choice === 'tool';
  const toolPrompt = tools === 0 ? 0 : model.toolPromptTokens[forced ? 'forced' : 'auto'];
  return [{ content: `frame ${tools > 0} ${forced}`, tokens: 8 + toolPrompt, cacheTtl: undefined }];
}

function blocksOf(content: unknown): JsonObject[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : objectsOf(content);
}

function readPart(place: string, block: JsonObject, model: ListedModel): PromptPart {
  const { cache_control: mark, ...bare } = block;
  const content = `${place} ${JSON.stringify(bare)}`;
  return { content, tokens: countBlockTokens(bare, model), cacheTtl: isObject(mark) ? readTtl(mark) : undefined };
}

function readTtl(mark: JsonObject): '5m' | '1h' {
  return mark.ttl === '1h' ? '1h' : '5m';
}

function countBlockTokens(block: JsonObject, model: ListedModel): number {
  const source = objectOf(block.source);
  if (block.type === 'image') return countSourceTokens(source, 750, 1568);
  if (block.type === 'document' && source.type !== 'text') return countSourceTokens(source, 25, 100_000);
  const text = block.type === 'text' ? textOf(block.text) : undefined;
  return estimateTokens(text ?? JSON.stringify(block), model);
}

/** Pictures and pages: by their size, and where that cannot be seen the most that one costs. */
function countSourceTokens(source: JsonObject, bytesPerToken: number, most: number): number {
  const data = textOf(source.data);
  if (data === undefined) return Math.min(most, 3000);
  return Math.min(most, Math.max(8, Math.ceil((data.length * 3) / 4 / bytesPerToken)));
}

/** About four bytes a token, three with the newer tokenizer; never more tokens than bytes. */
export function estimateTokens(text: string, model: ListedModel): number {
  const bytes = Buffer.byteLength(text);
  return Math.ceil(bytes / (model.tokenizer === 'claude-4.7' ? 3 : 4));
}
