import { writeAnswerEvents, writeAnswerMessage } from './answer-events.ts';
import {
  createErrorAnswer,
  type ErrorAnswer,
  invalidRequest,
  isErrorAnswer,
  readErrorScenario,
} from './error-answers.ts';
import { type Frame, padJson, readEventData, splitEventFrames, writeEventFrames } from './frames.ts';
import { type JsonObject, objectOf, parseJson, textOf } from './json-value.ts';
import { type MessagesRequest, parseMessagesRequest } from './messages-request.ts';
import { listModels, showModel } from './models-route.ts';
import { planAnswer } from './plan-answer.ts';
import { countPromptTokens, readPromptParts } from './prompt.ts';
import type { PromptCache } from './prompt-cache.ts';
import { type AnswerFacts, readEvents, readMessageBody } from './read-usage.ts';
import type { AnswerScenario, Delivery, ReplayScenario } from './scenario-types.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { RecordedRequest, Scenario } from './simulator-types.ts';

/** An answer with all its bytes, and what is owed for it. */
export interface PreparedAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  streaming: boolean;
  frames: Frame[];
  /** For the speed of delivery. */
  outputTokens: number;
  /** Undefined: the route is free or the request failed. */
  truth: AnswerTruth | undefined;
  delivery: Delivery;
}

/** What the answer really used, whatever a scenario made it say. */
export interface AnswerTruth {
  whole: AnswerFacts;
  /** As far as `message_start` tells; undefined for a JSON body. */
  start: AnswerFacts | undefined;
}

export interface AnswerContext {
  requestId: string;
  organizationId: string;
  cache: PromptCache;
  random: SeededRandom;
}

export type MeteredRoute = 'messages' | 'count_tokens';

/** Prepares the answer to `POST /v1/messages` or `/v1/messages/count_tokens`. */
export function prepareMessages(
  request: RecordedRequest,
  route: MeteredRoute,
  scenario: Scenario | undefined,
  context: AnswerContext,
): PreparedAnswer {
  if (scenario?.kind === 'replay') return prepareReplay(scenario, route);
  if (scenario?.kind === 'error') {
    return prepareError(readErrorScenario(scenario.error, context.organizationId), context, scenario.delivery);
  }
  const parsed = parseMessagesRequest(request.json, request.headers, route);
  if (isErrorAnswer(parsed)) return prepareError(parsed, context, scenario?.delivery);
  if (route === 'count_tokens') return prepareCount(parsed, scenario?.delivery);
  return prepareMessage(parsed, scenario, context);
}

/** Prepares the answer to `GET /v1/models` or `/v1/models/{id}`; undefined for another path. */
export function prepareModels(
  request: RecordedRequest,
  scenario: Scenario | undefined,
  context: AnswerContext,
): PreparedAnswer | undefined {
  const id = /^\/v1\/models(?:\/([^/]+))?$/.exec(request.path);
  if (id === null || request.method !== 'GET') return undefined;
  if (scenario?.kind === 'replay') return prepareReplay(scenario, 'count_tokens');
  if (scenario?.kind === 'error') {
    return prepareError(readErrorScenario(scenario.error, context.organizationId), context, scenario.delivery);
  }
  const name = id[1];
  const answer =
    name === undefined ? listModels(new URLSearchParams(request.query)) : showModel(decodeURIComponent(name));
  return isErrorAnswer(answer)
    ? prepareError(answer, context, scenario?.delivery)
    : prepareJson(answer, scenario?.delivery);
}

export function prepareError(
  error: ErrorAnswer,
  context: Pick<AnswerContext, 'requestId'>,
  delivery: Delivery = {},
): PreparedAnswer {
  const html = typeof error.body === 'string';
  const body = error.bare ? error.body : { type: 'error', error: error.body, request_id: context.requestId };
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return {
    status: error.status,
    headers: { 'content-type': html ? 'text/html; charset=UTF-8' : 'application/json', ...error.headers },
    streaming: false,
    frames: [{ bytes, type: undefined, share: 1 }],
    outputTokens: 0,
    truth: undefined,
    delivery,
  };
}

export function prepareJson(value: JsonObject, delivery: Delivery = {}): PreparedAnswer {
  return prepareBytes(Buffer.from(JSON.stringify(value)), 'application/json', delivery);
}

export function prepareBytes(bytes: Buffer, contentType: string, delivery: Delivery = {}): PreparedAnswer {
  return {
    status: 200,
    headers: { 'content-type': contentType },
    streaming: false,
    frames: [{ bytes, type: undefined, share: 1 }],
    outputTokens: 0,
    truth: undefined,
    delivery,
  };
}

function prepareCount(parsed: MessagesRequest, delivery: Delivery | undefined): PreparedAnswer {
  const tokens = countPromptTokens(readPromptParts(parsed));
  const managed = parsed.body.context_management !== undefined;
  const extra = managed ? { context_management: { original_input_tokens: tokens } } : {};
  return prepareJson({ input_tokens: tokens, ...extra }, delivery);
}

function prepareMessage(
  parsed: MessagesRequest,
  scenario: AnswerScenario | undefined,
  context: AnswerContext,
): PreparedAnswer {
  const { delivery = {}, answer: options = {} } = scenario ?? {};
  const parts = readPromptParts(parsed);
  const promptTokens = countPromptTokens(parts);
  const { contextWindow } = parsed.model;
  if (promptTokens > contextWindow) {
    const error = invalidRequest(`prompt is too long: ${promptTokens} tokens > ${contextWindow} maximum`);
    return prepareError(error, context, delivery);
  }
  if (delivery.ending?.kind === 'error_event' && !parsed.stream) {
    const { type = 'overloaded_error', message = 'Overloaded' } = delivery.ending;
    return prepareError(createErrorAnswer(type === 'api_error' ? 500 : 529, type, message), context);
  }
  const plan = planAnswer(parsed, context.cache.use(parts, parsed.model), options, context.random);
  const common = { status: 200, streaming: parsed.stream, outputTokens: plan.outputTokens, delivery };
  if (!parsed.stream) {
    const message = writeAnswerMessage(plan);
    const sent = options.editMessage?.(structuredClone(message)) ?? message;
    const text = typeof sent === 'string' ? sent : padJson(JSON.stringify(sent), context.random);
    return {
      ...common,
      headers: { 'content-type': 'application/json' },
      frames: [{ bytes: Buffer.from(text), type: undefined, share: 1 }],
      truth: { whole: readMessageBody(message), start: undefined },
    };
  }
  const events = writeAnswerEvents(plan);
  const truth = readStreamTruth(events.map((event) => objectOf(event.data)));
  const sent = options.editEvents?.(structuredClone(events)) ?? events;
  return { ...common, headers: STREAM_HEADERS, frames: writeEventFrames(sent, context.random), truth };
}

const STREAM_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' } as const;

function prepareReplay(scenario: ReplayScenario, route: MeteredRoute): PreparedAnswer {
  const body = Buffer.from(scenario.body);
  const status = scenario.status ?? 200;
  const streaming = /^(event|data|id|retry)?:/.test(body.subarray(0, 8).toString('latin1'));
  const type = scenario.contentType ?? (streaming ? STREAM_HEADERS['content-type'] : 'application/json');
  const frames = streaming ? splitEventFrames(body) : [{ bytes: body, type: undefined, share: 1 }];
  const billable = route === 'messages' && status === 200;
  const truth = !billable
    ? undefined
    : streaming
      ? readStreamTruth(frames.map((frame) => readEventData(frame.bytes)))
      : { whole: readMessageBody(objectOf(parseJson(body.toString('utf8')))), start: undefined };
  const output = truth?.whole.usage?.output_tokens;
  return {
    status,
    headers: { ...(streaming ? STREAM_HEADERS : {}), 'content-type': type },
    streaming,
    frames,
    outputTokens: typeof output === 'number' ? output : 0,
    truth,
    delivery: scenario.delivery ?? {},
  };
}

function readStreamTruth(events: JsonObject[]): AnswerTruth {
  const first = events.find((event) => textOf(event.type) === 'message_start');
  return { whole: readEvents(events), start: first === undefined ? undefined : readEvents([first]) };
}
