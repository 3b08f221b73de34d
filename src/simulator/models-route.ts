import { createErrorAnswer, type ErrorAnswer, invalidRequest } from './error-answers.ts';
import type { JsonObject } from './json-value.ts';
import { findListedModel, LISTED_MODELS, type ListedModel } from './price-list.ts';

/** `GET /v1/models`: pages of 20 unless `limit` says otherwise (1 to 1,000), newest first, retired ones left out. */
export function listModels(query: URLSearchParams): JsonObject | ErrorAnswer {
  const limit = Number(query.get('limit') ?? 20);
  if (!Number.isInteger(limit) || limit < 1) return invalidRequest('limit: Input should be greater than or equal to 1');
  if (limit > 1_000) return invalidRequest('limit: Input should be less than or equal to 1000');
  const models = LISTED_MODELS.filter((model) => model.status !== 'retired');
  const afterId = query.get('after_id');
  const beforeId = query.get('before_id');
  const place = (id: string): number => models.findIndex((model) => model.id === id);
  if ([afterId, beforeId].some((id) => id !== null && place(id) < 0))
    return invalidRequest('Invalid pagination cursor');
  const start = afterId === null ? 0 : place(afterId) + 1;
  const end = beforeId === null ? models.length : place(beforeId);
  const window = models.slice(start, end);
  // Going back, the page is the one right before the cursor.
  const page = beforeId === null ? window.slice(0, limit) : window.slice(-limit);
  return {
    data: page.map(writeModel),
    has_more: page.length < window.length,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

/** `GET /v1/models/{id}`: an alias finds its model. */
export function showModel(id: string): JsonObject | ErrorAnswer {
  const model = findListedModel(id);
  return model === undefined ? createErrorAnswer(404, 'not_found_error', `model: ${id}`) : writeModel(model);
}

function writeModel(model: ListedModel): JsonObject {
  const line = /(haiku|sonnet|opus|fable|mythos)/.exec(model.id)?.[1] ?? null;
  return {
    type: 'model',
    id: model.id,
    display_name: displayName(model.id),
    created_at: `${model.released}T00:00:00Z`,
    lifecycle: model.status,
    line,
    max_input_tokens: model.contextWindow,
    max_tokens: model.maxOutputTokens,
    deprecated_at: null,
    retires_at: null,
    capabilities: null,
  };
}

/** `claude-opus-4-5-20251101` reads "Claude Opus 4.5". */
function displayName(id: string): string {
  const words = id.replace(/-\d{8}$/, '').split('-');
  const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
  const name = words.filter((word) => !/^\d/.test(word)).map(capital);
  const version = words.filter((word) => /^\d/.test(word)).join('.');
  return [...name, version].filter((word) => word !== '').join(' ');
}
