import { writeAnswerMessage } from './answer-events.ts';
import type { BatchBook } from './batch-book.ts';
import type { BillBook } from './bill.ts';
import { createErrorAnswer, type ErrorAnswer, isErrorAnswer, readErrorScenario } from './error-answers.ts';
import type { FileBook } from './file-book.ts';
import { type JsonObject, objectOf, textOf } from './json-value.ts';
import { parseMessagesRequest } from './messages-request.ts';
import { planAnswer } from './plan-answer.ts';
import { type AnswerContext, type PreparedAnswer, prepareBytes, prepareError, prepareJson } from './prepare-answer.ts';
import { readPromptParts } from './prompt.ts';
import { isFreeRefusal, readBilledUsage, readMessageBody } from './read-usage.ts';
import type { RecordedRequest, Scenario } from './simulator-types.ts';

/** What the routes that store something work on. */
export interface StoredParts {
  batches: BatchBook;
  files: FileBook;
  book: BillBook;
}

const ID = '([A-Za-z0-9_]+)';
const BATCH_PATH = new RegExp(`^/v1/messages/batches(?:/${ID}(/cancel|/results)?)?$`);
const FILE_PATH = new RegExp(`^/v1/files(?:/${ID}(/content)?)?$`);

/** Prepares the answer of a route of batches or files; undefined for any other. */
export function prepareStored(
  parts: StoredParts,
  request: RecordedRequest,
  scenario: Scenario | undefined,
  context: AnswerContext,
): PreparedAnswer | undefined {
  const delivery = scenario?.delivery;
  if (scenario?.kind === 'error' && (BATCH_PATH.test(request.path) || FILE_PATH.test(request.path))) {
    return prepareError(readErrorScenario(scenario.error, context.organizationId), context, delivery);
  }
  const answer = answerBatches(parts, request, context) ?? answerFiles(parts, request, context);
  if (answer === undefined) return undefined;
  if (isErrorAnswer(answer)) return prepareError(answer, context, delivery);
  return 'bytes' in answer && Buffer.isBuffer(answer.bytes)
    ? prepareBytes(answer.bytes, String(answer.type), delivery)
    : prepareJson(answer as JsonObject, delivery);
}

type Answer = JsonObject | { bytes: Buffer; type: string } | ErrorAnswer | undefined;

function answerBatches({ batches, book }: StoredParts, request: RecordedRequest, context: AnswerContext): Answer {
  const match = BATCH_PATH.exec(request.path);
  if (match === null) return undefined;
  const [, id, action] = match;
  const baseUrl = `http://${request.headers.host ?? ''}`;
  const route = `${request.method} ${id === undefined ? '' : '/id'}${action ?? ''}`;
  if (route === 'POST ') return createBatch(batches, book, request, context);
  if (route === 'GET ') return batches.list(new URLSearchParams(request.query), baseUrl);
  if (id === undefined) return notAllowed();
  if (route === 'GET /id') return batches.show(id, baseUrl);
  if (route === 'POST /id/cancel') return batches.cancel(id, baseUrl);
  if (route === 'DELETE /id') return batches.remove(id);
  if (route !== 'GET /id/results') return notAllowed();
  const results = batches.results(id);
  return isErrorAnswer(results) ? results : { bytes: results, type: 'application/x-jsonl' };
}

function createBatch(batches: BatchBook, book: BillBook, request: RecordedRequest, context: AnswerContext): Answer {
  const id = context.random.identifier('msgbatch_01', 22);
  return batches.create({
    id,
    json: request.json,
    answerItem(params) {
      const parsed = parseMessagesRequest(params, request.headers, 'messages');
      if (isErrorAnswer(parsed)) return parsed;
      const prompt = context.cache.use(readPromptParts(parsed), parsed.model);
      return writeAnswerMessage(planAnswer(parsed, prompt, { usage: { service_tier: 'batch' } }, context.random));
    },
    billItem(customId, message) {
      const facts = readMessageBody(message);
      const usage = readBilledUsage(facts);
      const reason = isFreeRefusal(facts) ? 'refusal_not_billed' : 'completed';
      const model = textOf(objectOf(message).model) ?? '';
      return book.record({ requestId: `${id}/${customId}`, model, status: 200, usage, reason });
    },
  });
}

function answerFiles({ files }: StoredParts, request: RecordedRequest, context: AnswerContext): Answer {
  const match = FILE_PATH.exec(request.path);
  if (match === null) return undefined;
  const [, id, content] = match;
  if (id === undefined) {
    if (request.method === 'GET') return files.list(new URLSearchParams(request.query));
    if (request.method !== 'POST') return notAllowed();
    const fileId = context.random.identifier('file_011C', 20);
    return files.upload(fileId, request.body, request.headers['content-type']);
  }
  if (content !== undefined) return request.method === 'GET' ? files.content(id) : notAllowed();
  if (request.method === 'GET') return files.show(id);
  return request.method === 'DELETE' ? files.remove(id) : notAllowed();
}

function notAllowed(): ErrorAnswer {
  return createErrorAnswer(405, 'invalid_request_error', 'Method Not Allowed');
}
