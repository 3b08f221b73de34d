import type { Principal } from '../directory/directory.ts';
import type { AnswerContent } from '../domain/call-outcome.ts';
import type { MessagesRequest } from '../domain/call-request.ts';
import type { NanoUsd } from '../domain/money.ts';
import type { AppliedQuota } from '../domain/quota.ts';
import type { ModelCard, RateCard } from '../domain/rate-card.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { CallUsage } from '../domain/usage.ts';
import type { TraceContext } from '../observability/traces/trace-context.ts';
import type { BindingQuota } from './call-quotas.ts';
import type { CallOutcome, InterruptReason, ReportedUsage } from './metering-types.ts';
import type { RunningHold } from './running-hold.ts';

/** Facts of one admitted call. */
export interface CallFacts {
  /** Our own id, `req_...`. */
  requestId: string;
  holdId: string;
  principal: Principal;
  request: MessagesRequest;
  model: ModelCard;
  /** As the account paid when the call was admitted: its hold and its charge stand on the same prices. */
  card: RateCard;
  /** At the beginning; {@link MeteredCall.running} knows what it has grown to. */
  heldNanoUsd: NanoUsd;
  /** The most it can cost, or a high figure where that is open; more than is held where the hold is a smaller one. */
  ceilingNanoUsd: NanoUsd;
  /** Its request leaves its cost open. */
  isOpen: boolean;
  /** What the account could still spend right after the hold. */
  availableNanoUsd: NanoUsd;
  /** As the client claims; bounded in length. */
  sessionId: string | undefined;
  /** Where the caller stands in a trace of its own; undefined: nowhere. */
  traceContext: TraceContext | undefined;
  /** When the request arrived, and when it was admitted. Prices are those of the latter. */
  arrivedAtMs: number;
  admittedAtMs: number;
  /** The quotas that count it, in the windows of its start. */
  quotas: readonly AppliedQuota[];
  /** The one to tell the client of; undefined: none limits it. */
  bindingQuota: BindingQuota | undefined;
  /** The store did not answer: nothing is held for it, and `heldNanoUsd` is taken of the grace budget. */
  onGrace: boolean;
}

/** How far an answer has come. */
export interface CallProgress {
  /** As reported so far. */
  usage: CallUsage | undefined;
  /** Code points of text, thinking and tool input seen. */
  visibleCharacters: number;
  content: AnswerContent;
}

/** What the forwarder adds to an outcome, for the journal, the log and the metrics. */
export interface CallTrace {
  /** HTTP status the client was sent; 0: none. */
  status: number;
  upstreamRequestId?: string | undefined;
  /** The client had left before the end, whatever became of the call. */
  clientGone?: boolean;
  sentAtMs?: number | undefined;
  firstByteAtMs?: number | undefined;
  /** What was odd in the answer, as short stable words. */
  anomalies?: readonly string[];
}

/**
 * A call that holds credit. Whoever has one must see to it that `finish` is called; it may be called many times and
 * acts once.
 */
export interface MeteredCall {
  readonly facts: CallFacts;
  /** Set where what is held may not do: whoever reads the answer tells it how far that has come. */
  readonly running: RunningHold | undefined;
  /** Names who knows how far the answer has come, for those who look on. It is asked now and then, and must not throw. */
  showProgress(read: () => CallProgress | undefined): void;
  /** Called when the call must end now (shutdown); the listener stops the forwarding and finishes. One listener. */
  onInterrupt(listener: (reason: InterruptReason) => void): void;
  /**
   * Notes what the answer has reported so far: the charge, marked estimated, if this process ends before the call
   * does. Nothing once the call is finished.
   */
  mark(reported: ReportedUsage): void;
  /**
   * Decides the charge and hands it to the settle queue. Returns at once; the ledger is told off the answer's path.
   * @returns the settlement of the first call, whatever later ones say.
   */
  finish(outcome: CallOutcome, trace: CallTrace): Settlement;
}
