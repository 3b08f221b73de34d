import type { IncomingMessage, ServerResponse } from 'node:http';
import { billAnswer } from './bill-answer.ts';
import type { CallLog } from './call-log.ts';
import { createErrorAnswer, type ErrorAnswer, isErrorAnswer, requestTooLarge } from './error-answers.ts';
import { parseJson, textOf } from './json-value.ts';
import { createLiveCall, type LiveCall } from './live-call.ts';
import { checkCredential } from './messages-request.ts';
import type { Pacer } from './pacer.ts';
import {
  type AnswerContext,
  type PreparedAnswer,
  prepareError,
  prepareMessages,
  prepareModels,
} from './prepare-answer.ts';
import type { PromptCache } from './prompt-cache.ts';
import { decodeRequestBody, findBodyLimit, readRequestBody } from './read-request-body.ts';
import { type SimulatedOrganization, writeResponseHeaders, writeStrayRetryAfter } from './response-headers.ts';
import { createSeededRandom, type SeededRandom } from './seeded-random.ts';
import { type Progress, sendAnswer } from './send-answer.ts';
import type { AbortBilling, BillEntry, CallEnd, RecordedRequest, Scenario } from './simulator-types.ts';
import { prepareStored, type StoredParts } from './stored-routes.ts';

/** What one simulated API consists of, besides its server. */
export interface SimulatorParts extends StoredParts {
  apiKeys: ReadonlySet<string> | undefined;
  organization: SimulatedOrganization;
  cache: PromptCache;
  log: CallLog;
  pacer: Pacer;
  seed: number;
  abortBilling: AbortBilling;
  clock: () => Date;
  chooseScenario: (request: RecordedRequest) => Scenario | undefined;
}

const METERED_PATH = '/v1/messages';

/** Answers one request from its first line to its bill. */
export async function serveCall(
  parts: SimulatorParts,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  const sequence = parts.log.begin();
  let end: CallEnd | undefined;
  try {
    const received = await readRequestBody(incoming, findBodyLimit(incoming.url ?? '/'));
    const { request, fault } = await recordRequest(incoming, received.bytes, sequence);
    parts.log.record(request);
    if (!received.complete) return;
    const random = createSeededRandom(Math.imul(parts.seed, 1_000_003) + sequence);
    const requestId = random.identifier('req_011C', 20);
    const context = { requestId, organizationId: parts.organization.organizationId, cache: parts.cache, random };
    const answer = prepareAnswer(parts, request, received.tooLarge ? requestTooLarge() : fault, context);
    const call = createLiveCall(request, requestId);
    parts.log.offer(call);
    end = await answerCall(parts, { request, response, call, answer, random, gone: gone.signal });
  } finally {
    parts.log.finish(end);
  }
}

async function recordRequest(
  incoming: IncomingMessage,
  body: Buffer,
  sequence: number,
): Promise<{ request: RecordedRequest; fault: ErrorAnswer | undefined }> {
  const url = incoming.url ?? '/';
  const mark = url.indexOf('?');
  const decoded = await decodeRequestBody(body, incoming.headers['content-encoding'], findBodyLimit(url));
  const request = {
    sequence,
    method: incoming.method ?? '',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark),
    headers: incoming.headers,
    rawHeaders: incoming.rawHeaders,
    body,
    json: isErrorAnswer(decoded) || !isJson(incoming) ? undefined : parseJson(decoded),
  };
  return { request, fault: isErrorAnswer(decoded) ? decoded : undefined };
}

/** A file's bytes are not read as text. */
function isJson({ headers }: IncomingMessage): boolean {
  return !/^multipart\//i.test(headers['content-type'] ?? '');
}

function prepareAnswer(
  parts: SimulatorParts,
  request: RecordedRequest,
  fault: ErrorAnswer | undefined,
  context: AnswerContext,
): PreparedAnswer {
  const refusal = fault ?? checkCredential(request.headers, parts.apiKeys);
  if (refusal !== undefined) return prepareError(refusal, context);
  const scenario = parts.chooseScenario(request);
  if (request.method === 'POST' && request.path === METERED_PATH) {
    return prepareMessages(request, 'messages', scenario, context);
  }
  if (request.method === 'POST' && request.path === `${METERED_PATH}/count_tokens`) {
    return prepareMessages(request, 'count_tokens', scenario, context);
  }
  const notFound = createErrorAnswer(404, 'not_found_error', 'Not found');
  return (
    prepareModels(request, scenario, context) ??
    prepareStored(parts, request, scenario, context) ??
    prepareError(notFound, context)
  );
}

interface OpenCall {
  request: RecordedRequest;
  response: ServerResponse;
  call: LiveCall;
  answer: PreparedAnswer;
  random: SeededRandom;
  gone: AbortSignal;
}

async function answerCall(parts: SimulatorParts, open: OpenCall): Promise<CallEnd> {
  const { request, call, answer } = open;
  const progress: Progress = { begun: false, complete: false, share: 0 };
  let entry: BillEntry | undefined;
  const bill = (end: CallEnd): void => {
    if (request.method !== 'POST' || request.path !== METERED_PATH) return;
    entry ??= parts.book.record({
      requestId: call.requestId,
      status: answer.status,
      ...oweFor(parts, answer, end, progress),
    });
  };
  const end = await sendAnswer({
    response: open.response,
    call,
    answer,
    headers: chooseHeaders(parts, open),
    acceptsGzip: /\bgzip\b/.test(textOf(request.headers['accept-encoding']) ?? ''),
    pacer: parts.pacer,
    gone: open.gone,
    progress,
    onComplete: () => bill('finished'),
  });
  bill(end);
  call.end(end, entry);
  return end;
}

function oweFor(
  parts: SimulatorParts,
  answer: PreparedAnswer,
  end: CallEnd,
  progress: Progress,
): ReturnType<typeof billAnswer> {
  if (answer.truth === undefined) return { model: '', usage: undefined, reason: 'failed' };
  return billAnswer(answer.truth, end, progress, parts.abortBilling);
}

function chooseHeaders(parts: SimulatorParts, { request, call, answer, random }: OpenCall): Record<string, string> {
  const metered = request.path.startsWith(METERED_PATH);
  return {
    ...writeResponseHeaders({ ...parts.organization, requestId: call.requestId, now: parts.clock(), random, metered }),
    ...(metered && answer.status === 200 ? writeStrayRetryAfter(random) : {}),
  };
}
