import { formatUsd } from '../../domain/money.ts';
import { clipText } from '../bound-fields.ts';
import type { FinishedCall } from '../finished-call.ts';
import { sumTokens } from '../sum-tokens.ts';
import { createSpanId, createTraceId, type TraceContext } from './trace-context.ts';

/** A metered call that ended, as a trace shows it. No word of its content. */
export interface TracedCall {
  /** The caller's; undefined: the call begins a trace. */
  context: TraceContext | undefined;
  arrivedAtMs: number;
  endedAtMs: number;
  finished: FinishedCall;
  requestId: string;
  upstreamRequestId: string | undefined;
  accountId: string;
  memberId: string | undefined;
  keyId: string;
  sessionId: string | undefined;
  maxTokens: number;
  stream: boolean;
}

type Value = string | number | boolean | readonly string[] | undefined;

/** A span as OTLP writes it in JSON. */
export interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: OtlpAttribute[];
  status: { code?: number; message?: string };
}

export interface OtlpAttribute {
  key: string;
  value: object;
}

const CLIENT = 3;
const STATUS_ERROR = 2;
const TEXT_CHARACTERS_AT_MOST = 128;

/**
 * The span of a call, by the conventions for generative AI, which are in development. What they have no name for is
 * under `tollgate.`. Source: open-telemetry/semantic-conventions-genai.
 */
export function createCallSpan(call: TracedCall): OtlpSpan {
  const { finished, context } = call;
  const failed = finished.outcome !== 'completed';
  return {
    traceId: context?.traceId ?? createTraceId(),
    spanId: createSpanId(),
    ...(context === undefined ? {} : { parentSpanId: context.parentId }),
    name: `chat ${clip(finished.model)}`,
    kind: CLIENT,
    startTimeUnixNano: toUnixNano(call.arrivedAtMs),
    endTimeUnixNano: toUnixNano(Math.max(call.arrivedAtMs, call.endedAtMs)),
    attributes: toAttributes({ ...describeExchange(call), ...describeUsage(finished), ...describeOwners(call) }),
    status: failed ? { code: STATUS_ERROR, message: finished.cutReason ?? finished.outcome } : {},
  };
}

function describeExchange({ finished, maxTokens, stream, sessionId }: TracedCall): Record<string, Value> {
  const { usage, timeToFirstByteMs } = finished;
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'anthropic',
    'gen_ai.request.model': finished.model,
    'gen_ai.request.max_tokens': maxTokens,
    'gen_ai.request.stream': stream,
    'gen_ai.response.model': usage?.model,
    'gen_ai.response.finish_reasons': usage?.stopReason === undefined ? undefined : [usage.stopReason],
    'gen_ai.response.time_to_first_chunk': timeToFirstByteMs === undefined ? undefined : timeToFirstByteMs / 1000,
    'gen_ai.conversation.id': sessionId,
    'error.type': finished.outcome === 'completed' ? undefined : (finished.cutReason ?? finished.outcome),
    'http.response.status_code': finished.status === 0 ? undefined : finished.status,
  };
}

/** The tokens charged; input with what came from and went to a cache. */
function describeUsage(finished: FinishedCall): Record<string, Value> {
  const { receipt } = finished;
  if (receipt === undefined) return { 'tollgate.cost_usd': '0.00', 'tollgate.charge_basis': finished.basis };
  const { input, output, cacheRead, cacheWrite } = sumTokens(receipt);
  return {
    'gen_ai.usage.input_tokens': input + cacheRead + cacheWrite,
    'gen_ai.usage.output_tokens': output,
    'gen_ai.usage.cache_read.input_tokens': cacheRead,
    'gen_ai.usage.cache_creation.input_tokens': cacheWrite,
    'tollgate.cost_usd': formatUsd(receipt.amountNanoUsd),
    'tollgate.charge_basis': finished.basis,
  };
}

function describeOwners(call: TracedCall): Record<string, Value> {
  return {
    'tollgate.request_id': call.requestId,
    'tollgate.upstream_request_id': call.upstreamRequestId,
    'tollgate.account_id': call.accountId,
    'tollgate.team_id': call.finished.team?.id,
    'tollgate.member_id': call.memberId,
    'tollgate.key_id': call.keyId,
  };
}

/** Attributes as OTLP writes them in JSON: 64-bit integers are strings. */
export function toAttributes(values: Readonly<Record<string, Value>>): OtlpAttribute[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: toValue(value) }],
  );
}

function toValue(value: Exclude<Value, undefined>): object {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'string') return { stringValue: clip(value) };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: `${value}` } : { doubleValue: value };
  return { arrayValue: { values: value.map((each) => ({ stringValue: clip(each) })) } };
}

function toUnixNano(ms: number): string {
  return (BigInt(Math.round(ms * 1_000)) * 1_000n).toString();
}

/** Model and session are what the client claims. */
function clip(text: string): string {
  return clipText(text, TEXT_CHARACTERS_AT_MOST);
}
