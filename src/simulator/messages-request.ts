import type { IncomingHttpHeaders } from 'node:http';
import { createErrorAnswer, type ErrorAnswer, invalidRequest } from './error-answers.ts';
import { isObject, type JsonObject, objectOf, objectsOf, textOf } from './json-value.ts';
import { findListedModel, type ListedModel } from './price-list.ts';

/** A request for a message, or for its token count, that the API would take. */
export interface MessagesRequest {
  model: ListedModel;
  /** 0 where tokens are only counted. */
  maxTokens: number;
  stream: boolean;
  betas: readonly string[];
  body: JsonObject;
}

export const API_VERSIONS = ['2023-06-01', '2026-10-21'] as const;

type Check = (body: JsonObject, model: ListedModel, context: CheckContext) => ErrorAnswer | undefined;
interface CheckContext {
  version: string;
  betas: readonly string[];
}

/** @returns undefined when the credential is good. An API key goes before a bearer token. */
export function checkCredential(
  headers: IncomingHttpHeaders,
  apiKeys: ReadonlySet<string> | undefined,
): ErrorAnswer | undefined {
  const key = textOf(headers['x-api-key']);
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  const credential = key ?? bearer;
  const deny = (message: string): ErrorAnswer => createErrorAnswer(401, 'authentication_error', message);
  if (credential === undefined || credential === '') return deny('x-api-key header is required');
  if (apiKeys === undefined || apiKeys.has(credential)) return undefined;
  return deny(key === undefined ? 'Invalid bearer token' : 'invalid x-api-key');
}

/** Validates as the API does; the first fault is answered. @param json undefined when the body was no JSON. */
export function parseMessagesRequest(
  json: unknown,
  headers: IncomingHttpHeaders,
  route: 'messages' | 'count_tokens',
): MessagesRequest | ErrorAnswer {
  const version = textOf(headers['anthropic-version']);
  if (version === undefined) return invalidRequest('anthropic-version: header is required');
  if (!API_VERSIONS.some((known) => known === version)) {
    return invalidRequest(`anthropic-version: "${version}" is not a valid version`);
  }
  const betas = readBetas(headers);
  // Claude Code's own is dated without hyphens: `claude-code-20250219`.
  const strange = betas.filter((beta) => !/^[a-z][a-z0-9-]*-\d{4}(-?)\d{2}\1\d{2}$/.test(beta));
  if (strange.length > 0) {
    const names = strange.map((beta) => `\`${beta}\``).join(', ');
    return invalidRequest(`Unexpected value(s) ${names} for the \`anthropic-beta\` header.`);
  }
  if (json === undefined)
    return invalidRequest('The request body is not valid JSON: expected value: line 1 column 1 (char 0)');
  if (!isObject(json)) return invalidRequest('Input should be a valid dictionary');
  return checkBody(json, { version, betas }, route);
}

function readBetas(headers: IncomingHttpHeaders): string[] {
  // Node joins a repeated header with commas.
  const value = headers['anthropic-beta'];
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  return text
    .split(',')
    .map((beta) => beta.trim())
    .filter((beta) => beta !== '');
}

function checkBody(
  body: JsonObject,
  context: CheckContext,
  route: 'messages' | 'count_tokens',
): MessagesRequest | ErrorAnswer {
  for (const field of route === 'messages' ? ['model', 'max_tokens', 'messages'] : ['model', 'messages']) {
    if (body[field] === undefined) return invalidRequest(`${field}: Field required`);
  }
  const name = textOf(body.model);
  if (name === undefined) return invalidRequest('model: Input should be a valid string');
  const model = findListedModel(name);
  if (model === undefined || model.status === 'retired')
    return createErrorAnswer(404, 'not_found_error', `model: ${name}`);
  const checks = route === 'messages' ? [...SHARED_CHECKS, ...MESSAGE_CHECKS] : SHARED_CHECKS;
  for (const check of checks) {
    const fault = check(body, model, context);
    if (fault !== undefined) return fault;
  }
  const maxTokens = typeof body.max_tokens === 'number' ? body.max_tokens : 0;
  return { model, maxTokens, stream: body.stream === true, betas: context.betas, body };
}

const checkMessages: Check = (body) => {
  if (!Array.isArray(body.messages)) return invalidRequest('messages: Input should be a valid list');
  if (body.messages.length === 0) return invalidRequest('messages: at least one message is required');
  if (body.messages.length > 100_000) return invalidRequest('messages: List should have at most 100000 items');
  for (const [index, message] of body.messages.entries()) {
    if (!isObject(message)) return invalidRequest(`messages.${index}: Input should be a valid dictionary`);
    const role = message.role;
    if (role === undefined) return invalidRequest(`messages.${index}.role: Field required`);
    if (role !== 'user' && role !== 'assistant' && role !== 'system') {
      return invalidRequest(`messages: Unexpected role "${String(role)}". Allowed roles are "user" or "assistant".`);
    }
    if (message.content === undefined) return invalidRequest(`messages.${index}.content: Field required`);
    if (typeof message.content !== 'string' && !Array.isArray(message.content)) {
      return invalidRequest(`messages.${index}.content: Input should be a valid string or list`);
    }
  }
  return undefined;
};

/** What the version of October 2026 took away. */
const checkVersion: Check = (body, _model, { version }) => {
  if (version !== '2026-10-21') return undefined;
  for (const field of ['temperature', 'top_p', 'top_k']) {
    if (body[field] !== undefined) return invalidRequest(`${field}: Extra inputs are not permitted`);
  }
  for (const [index, message] of objectsOf(body.messages).entries()) {
    for (const [place, block] of objectsOf(message.content).entries()) {
      const path = `messages.${index}.content.${place}`;
      if (message.role === 'assistant' && block.type === 'document') {
        return invalidRequest(`${path}: document blocks are not permitted in assistant messages`);
      }
      if (message.role === 'user' && block.type === 'text' && objectsOf(block.citations).length > 0) {
        return invalidRequest(`${path}.citations: Extra inputs are not permitted`);
      }
    }
  }
  return undefined;
};

const checkCacheControl: Check = (body) => {
  const marked = [
    ...objectsOf(body.tools),
    ...objectsOf(body.system),
    ...objectsOf(body.messages).flatMap((message) => objectsOf(message.content)),
  ];
  const count = marked.filter((block) => isObject(block.cache_control)).length + (isObject(body.cache_control) ? 1 : 0);
  if (count <= 4) return undefined;
  return invalidRequest(`A maximum of 4 blocks with cache_control may be provided. Found ${count}.`);
};

const checkMaxTokens: Check = (body, model) => {
  const { max_tokens: maxTokens } = body;
  if (typeof maxTokens !== 'number' || !Number.isInteger(maxTokens)) {
    return invalidRequest('max_tokens: Input should be a valid integer');
  }
  if (maxTokens < 0) return invalidRequest('max_tokens: Input should be greater than or equal to 0');
  if (maxTokens > model.maxOutputTokens) {
    return invalidRequest(
      `max_tokens: ${maxTokens} > ${model.maxOutputTokens}, which is the maximum allowed number of output tokens for ${model.id}`,
    );
  }
  if (maxTokens === 0 && body.stream === true) return invalidRequest('max_tokens: 0 is not supported with stream');
  return undefined;
};

const checkTypes: Check = (body) => {
  if (body.stream !== undefined && typeof body.stream !== 'boolean') {
    return invalidRequest('stream: Input should be a valid boolean');
  }
  const { temperature } = body;
  if (temperature === undefined) return undefined;
  if (typeof temperature !== 'number') return invalidRequest('temperature: Input should be a valid number');
  return temperature < 0 || temperature > 1 ? invalidRequest('temperature: range: 0..1') : undefined;
};

const checkThinking: Check = (body) => {
  const thinking = objectOf(body.thinking);
  if (thinking.type !== 'enabled') return undefined;
  const budget = thinking.budget_tokens;
  if (typeof budget !== 'number') return invalidRequest('thinking.enabled.budget_tokens: Field required');
  if (budget < 1024) {
    return invalidRequest('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024');
  }
  return typeof body.max_tokens === 'number' && body.max_tokens <= budget
    ? invalidRequest('`max_tokens` must be greater than `thinking.budget_tokens`.')
    : undefined;
};

const checkToolChoice: Check = (body, model) => {
  const choice = textOf(objectOf(body.tool_choice).type);
  if (choice !== 'any' && choice !== 'tool') return undefined;
  if (model.id === 'claude-opus-5-5' || model.id === 'claude-sonnet-5-5') {
    return invalidRequest(`tool_choice: type "${choice}" is not supported by ${model.id}`);
  }
  return objectsOf(body.tools).length === 0
    ? invalidRequest('tool_choice: may only be specified while providing `tools`.')
    : undefined;
};

/** Opus 4.6 takes the field and answers at standard speed; models without a fast card refuse it. */
const checkSpeed: Check = (body, model, { betas }) => {
  if (body.speed === undefined || body.speed === 'standard' || body.speed === null) return undefined;
  if (body.speed !== 'fast') return invalidRequest("speed: Input should be 'standard' or 'fast'");
  if (model.id === 'claude-opus-4-6') return undefined;
  if (model.fast === undefined) return invalidRequest(`speed: fast mode is not supported by ${model.id}`);
  return model.fastBeta !== undefined && !betas.includes(model.fastBeta)
    ? invalidRequest('speed: Extra inputs are not permitted')
    : undefined;
};

const checkGeo: Check = (body, model) =>
  body.inference_geo === 'us' && model.usMultiplierPercent === 100n
    ? invalidRequest(`inference_geo: not supported by ${model.id}`)
    : undefined;

const checkFallbacks: Check = (body, model) => {
  const fallbacks = body.fallbacks;
  if (!Array.isArray(fallbacks)) return undefined;
  if (model.id === 'claude-haiku-5-5') return invalidRequest(`fallbacks: not supported by ${model.id}`);
  if (fallbacks.length > 3) return invalidRequest('fallbacks: List should have at most 3 items');
  for (const entry of fallbacks) {
    const name = textOf(objectOf(entry).model) ?? '';
    if (findListedModel(name) === undefined) return createErrorAnswer(404, 'not_found_error', `model: ${name}`);
  }
  return undefined;
};

/** The tool runners of the SDKs take this code as the sign to send the whole conversation instead. */
const checkThread: Check = (body) =>
  body.thread === undefined || body.thread === null
    ? undefined
    : invalidRequest('thread: this request cannot be served from a thread', 'thread_unsupported_request');

const SHARED_CHECKS: readonly Check[] = [checkMessages, checkVersion, checkCacheControl, checkToolChoice, checkThread];
const MESSAGE_CHECKS: readonly Check[] = [
  checkMaxTokens,
  checkTypes,
  checkThinking,
  checkSpeed,
  checkGeo,
  checkFallbacks,
];
