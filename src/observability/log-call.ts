import type { NanoUsd } from '../domain/money.ts';
import { formatUsd } from '../domain/money.ts';
import { clipText } from './bound-fields.ts';
import type { Logger } from './create-logger.ts';
import type { ChargeBasis, Outcome } from './finished-call.ts';

/** Everything the log says of a metered call. There is no place in it for a prompt, an answer or a key's secret. */
export interface CallLogLine {
  requestId: string;
  /** The upstream's own id of the request, where it answered. */
  upstreamRequestId?: string | undefined;
  /** Undefined only when the caller is unknown. */
  accountId?: string | undefined;
  teamId?: string | undefined;
  memberId?: string | undefined;
  /** `key_...`, the id, never the secret. */
  keyId?: string | undefined;
  route: string;
  /** As the client asked for it. */
  model?: string | undefined;
  stream?: boolean | undefined;
  /** HTTP status the client was sent; 0: none. */
  status: number;
  outcome: Outcome;
  /** Why it was refused or broke off. */
  reason?: string | undefined;
  basis?: ChargeBasis | undefined;
  /** Tokens, and searches, by class of price; what was charged. */
  usage?: { readonly [usageClass: string]: number } | undefined;
  costNanoUsd?: NanoUsd | undefined;
  holdId?: string | undefined;
  heldNanoUsd?: NanoUsd | undefined;
  durationMs: number;
  /** From sending upstream to the first byte of its answer. */
  timeToFirstByteMs?: number | undefined;
  /** The client's own session id, as it claims. */
  sessionId?: string | undefined;
}

const ID_CHARACTERS_AT_MOST = 128;

/** What did not come from here; all the rest are ids of our own making, numbers and constants. */
const GIVEN = ['upstream_request_id', 'session_id', 'model', 'reason'];

/** Writes the one line of a call: `info`, or `warn` where the answer was cut. Money as decimal dollars. */
export function logCall(logger: Pick<Logger, 'info' | 'warn' | 'bounded'>, line: CallLogLine): void {
  const fields = {
    event: 'call',
    request_id: clip(line.requestId),
    upstream_request_id: clip(line.upstreamRequestId),
    account_id: clip(line.accountId),
    team_id: clip(line.teamId),
    member_id: clip(line.memberId),
    key_id: clip(line.keyId),
    session_id: clip(line.sessionId),
    route: clip(line.route),
    model: clip(line.model),
    stream: line.stream,
    status: line.status,
    outcome: line.outcome,
    reason: clip(line.reason),
    basis: line.basis,
    usage: line.usage,
    cost_usd: line.costNanoUsd === undefined ? undefined : formatUsd(line.costNanoUsd),
    hold_id: clip(line.holdId),
    held_usd: line.heldNanoUsd === undefined ? undefined : formatUsd(line.heldNanoUsd),
    duration_ms: roundMs(line.durationMs),
    time_to_first_byte_ms: roundMs(line.timeToFirstByteMs),
  };
  const level = line.outcome === 'interrupted' || line.outcome === 'not_sent' ? 'warn' : 'info';
  if (logger.bounded === undefined) logger[level](fields, 'call');
  else logger.bounded(level, fields, GIVEN, 'call');
}

function clip(text: string | undefined): string | undefined {
  return text === undefined ? undefined : clipText(text, ID_CHARACTERS_AT_MOST);
}

function roundMs(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 10) / 10;
}
