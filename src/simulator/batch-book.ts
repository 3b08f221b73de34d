import type { BillBook } from './bill.ts';
import { createErrorAnswer, type ErrorAnswer, invalidRequest, isErrorAnswer } from './error-answers.ts';
import { isObject, type JsonObject, objectsOf, textOf } from './json-value.ts';
import type { BatchFate, ChooseBatchFate } from './simulator-types.ts';

/** Answers one item's `params` as a message; an error where the API would refuse it. */
export type AnswerItem = (params: JsonObject) => JsonObject | ErrorAnswer;

/** Bills one succeeded item. */
export type BillItem = (customId: string, message: JsonObject) => ReturnType<BillBook['record']>;

/** What one batch consists of. */
interface Batch {
  id: string;
  createdAt: Date;
  cancelledAt: Date | undefined;
  endedAt: Date | undefined;
  items: readonly { customId: string; params: JsonObject }[];
  fates: Map<string, BatchFate>;
  results: Buffer;
  answerItem: AnswerItem;
  billItem: BillItem;
}

export interface CreateBatch {
  id: string;
  json: unknown;
  answerItem: AnswerItem;
  billItem: BillItem;
}

/** The batches of the simulated API. They stay in progress until somebody ends them. */
export interface BatchBook {
  create(batch: CreateBatch): JsonObject | ErrorAnswer;
  show(id: string, baseUrl: string): JsonObject | ErrorAnswer;
  /** Newest first. */
  list(query: URLSearchParams, baseUrl: string): JsonObject;
  cancel(id: string, baseUrl: string): JsonObject | ErrorAnswer;
  remove(id: string): JsonObject | ErrorAnswer;
  /** JSON lines, of a batch that has ended. */
  results(id: string): Buffer | ErrorAnswer;
  /** Ends those in progress, or one of them: every item gets its fate and succeeded ones their bill. */
  end(choose?: ChooseBatchFate, id?: string): void;
  ids(): string[];
}

const DAY_MS = 86_400_000;
/** Of one batch. Source: the limits of the Message Batches API. */
const MAXIMUM_ITEMS = 100_000;

export function createBatchBook(clock: () => Date): BatchBook {
  const batches = new Map<string, Batch>();
  const find = (id: string): Batch | ErrorAnswer => batches.get(id) ?? notFound(id);
  const shown = (id: string, baseUrl: string, change?: (batch: Batch) => ErrorAnswer | undefined) => {
    const batch = find(id);
    if (isErrorAnswer(batch)) return batch;
    return change?.(batch) ?? writeBatch(batch, baseUrl);
  };
  return {
    create({ id, json, answerItem, billItem }) {
      const items = readItems(json);
      if (isErrorAnswer(items)) return items;
      const batch: Batch = {
        id,
        createdAt: clock(),
        cancelledAt: undefined,
        endedAt: undefined,
        items,
        fates: new Map(),
        results: Buffer.alloc(0),
        answerItem,
        billItem,
      };
      batches.set(id, batch);
      return writeBatch(batch, '');
    },
    show: (id, baseUrl) => shown(id, baseUrl),
    list: (query, baseUrl) => listBatches([...batches.values()].toReversed(), query, baseUrl),
    cancel: (id, baseUrl) =>
      shown(id, baseUrl, (batch) => {
        if (batch.endedAt !== undefined) return invalidRequest(`Message Batch ${id} has already ended.`);
        batch.cancelledAt ??= clock();
        return undefined;
      }),
    remove(id) {
      const batch = find(id);
      if (isErrorAnswer(batch)) return batch;
      if (batch.endedAt === undefined) return invalidRequest(`Message Batch ${id} is still processing.`);
      batches.delete(id);
      return { id, type: 'message_batch_deleted' };
    },
    results(id) {
      const batch = find(id);
      if (isErrorAnswer(batch)) return batch;
      return batch.endedAt === undefined ? notFound(`${id}/results`) : batch.results;
    },
    end(choose, id) {
      for (const batch of batches.values()) {
        if (batch.endedAt === undefined && (id === undefined || id === batch.id)) endBatch(batch, choose, clock());
      }
    },
    ids: () => [...batches.keys()],
  };
}

function notFound(what: string): ErrorAnswer {
  return createErrorAnswer(404, 'not_found_error', `Not found: ${what}`);
}

function readItems(json: unknown): Batch['items'] | ErrorAnswer {
  if (!isObject(json)) return invalidRequest('The request body is not valid JSON');
  if (!Array.isArray(json.requests)) return invalidRequest('requests: Field required');
  if (json.requests.length === 0) return invalidRequest('requests: List should have at least 1 item');
  if (json.requests.length > MAXIMUM_ITEMS) {
    return invalidRequest(`requests: List should have at most ${MAXIMUM_ITEMS} items`);
  }
  const items: { customId: string; params: JsonObject }[] = [];
  const seen = new Set<string>();
  for (const [index, { custom_id, params }] of objectsOf(json.requests).entries()) {
    const customId = textOf(custom_id) ?? '';
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(customId)) return invalidRequest(`requests.${index}.custom_id: invalid`);
    if (seen.has(customId)) return invalidRequest(`requests.${index}.custom_id: "${customId}" is not unique`);
    if (!isObject(params)) return invalidRequest(`requests.${index}.params: Field required`);
    seen.add(customId);
    items.push({ customId, params });
  }
  return items.length === json.requests.length ? items : invalidRequest('requests: Input should be a valid dictionary');
}

/** Every item's result, last one first: results come in any order. */
function endBatch(batch: Batch, choose: ChooseBatchFate | undefined, endedAt: Date): void {
  const usual: BatchFate = batch.cancelledAt === undefined ? 'succeeded' : 'canceled';
  const lines: string[] = [];
  for (const [index, { customId, params }] of [...batch.items.entries()].toReversed()) {
    const fate = choose?.(customId, index) ?? usual;
    const result = fate === 'succeeded' ? answerItem(batch, customId, params) : writeFailure(fate);
    batch.fates.set(customId, result.type as BatchFate);
    lines.push(`${JSON.stringify({ custom_id: customId, result })}\n`);
  }
  batch.results = Buffer.from(lines.join(''));
  batch.endedAt = endedAt;
}

function answerItem(batch: Batch, customId: string, params: JsonObject): JsonObject {
  const message = batch.answerItem(params);
  if (isErrorAnswer(message)) return { type: 'errored', error: { type: 'error', error: message.body } };
  batch.billItem(customId, message);
  return { type: 'succeeded', message };
}

function writeFailure(fate: Exclude<BatchFate, 'succeeded'>): JsonObject {
  if (fate !== 'errored') return { type: fate };
  const error = { details: null, type: 'api_error', message: 'Internal server error' };
  return { type: 'errored', error: { type: 'error', error } };
}

function writeBatch(batch: Batch, baseUrl: string): JsonObject {
  const { id, createdAt, cancelledAt, endedAt, items, fates } = batch;
  const count = (fate: BatchFate): number => [...fates.values()].filter((each) => each === fate).length;
  return {
    id,
    type: 'message_batch',
    processing_status: endedAt !== undefined ? 'ended' : cancelledAt !== undefined ? 'canceling' : 'in_progress',
    request_counts: {
      processing: endedAt === undefined ? items.length : 0,
      succeeded: count('succeeded'),
      errored: count('errored'),
      canceled: count('canceled'),
      expired: count('expired'),
    },
    ended_at: endedAt?.toISOString() ?? null,
    created_at: createdAt.toISOString(),
    expires_at: new Date(createdAt.getTime() + DAY_MS).toISOString(),
    archived_at: null,
    cancel_initiated_at: cancelledAt?.toISOString() ?? null,
    results_url: endedAt === undefined ? null : `${baseUrl}/v1/messages/batches/${id}/results`,
  };
}

function listBatches(newestFirst: readonly Batch[], query: URLSearchParams, baseUrl: string): JsonObject {
  const limit = Number(query.get('limit') ?? 20);
  const place = (name: string): number => newestFirst.findIndex(({ id }) => id === query.get(name));
  const before = query.has('before_id') ? place('before_id') : undefined;
  const from = before === undefined ? place('after_id') + 1 : Math.max(0, before - limit);
  const page = newestFirst.slice(from, before ?? from + limit);
  return {
    data: page.map((batch) => writeBatch(batch, baseUrl)),
    has_more: before === undefined ? from + limit < newestFirst.length : from > 0,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}
