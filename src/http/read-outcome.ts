import { isDoubtfulUsage } from '../anthropic/doubtful-usage.ts';
import type { UsageSnapshot } from '../anthropic/usage-reader.ts';
import { isExhausted } from '../domain/call-outcome.ts';
import type { CallOutcome, InterruptReason, ReportedUsage } from '../metering/metering-types.ts';
import type { ExchangeEnd } from './exchange.ts';

/** How a success, as its headers said, came to its end. */
export interface AnswerEnd {
  how: ExchangeEnd;
  head: { status: number };
  /** Undefined where the bytes could not be read. */
  snapshot: UsageSnapshot | undefined;
  /** Of the answer's body. */
  bytes: number;
  isStream: boolean;
}

/** What the meter is told of an answer. What the bytes say goes before how the connection ended. */
export function readOutcome({ how, head, snapshot, bytes, isStream }: AnswerEnd): CallOutcome {
  const reported = readReported(snapshot);
  const completed: CallOutcome = { kind: 'completed', status: head.status, ...reported };
  // Its end was seen, so whatever happened to the connection after it changes nothing.
  if (snapshot?.complete) return completed;
  if (snapshot?.errorEvent !== undefined) {
    return { kind: 'interrupted', reason: 'error_event', ...reported };
  }
  // A stream without its closing event was cut, however cleanly the connection ended.
  if (how === 'ended' && bytes > 0 && (!isStream || snapshot === undefined)) return completed;
  const reason = interruptReason(how);
  // The API had begun to answer, and what became of it is not known.
  if (bytes === 0 && !isOurs(reason)) return { kind: 'not_sent', reason, doubtful: true };
  return { kind: 'interrupted', reason, ...reported };
}

/** What an answer has said of its usage so far. */
export function readReported(snapshot: UsageSnapshot | undefined): ReportedUsage {
  return {
    usage: snapshot?.usage,
    visibleCharacters: snapshot?.visibleCharacters ?? 0,
    content: snapshot?.content ?? 'text',
    ...(snapshot?.reported === undefined ? {} : { reported: snapshot.reported }),
    isDoubtful: isDoubtfulUsage(snapshot?.anomalies ?? []),
  };
}

/** What happened to an exchange, in the meter's words. */
export function interruptReason(how: ExchangeEnd): InterruptReason {
  switch (how) {
    case 'ended':
    case 'cut':
      return 'upstream_cut';
    case 'silent':
      return 'upstream_silent';
    case 'slow':
    case 'expired':
      return 'upstream_slow';
    case 'unreachable':
    case 'unsendable':
      return 'upstream_unreachable';
    default:
      return how;
  }
}

/** Ended from our side: the API was at work and bills it. */
export function isOurs(reason: InterruptReason): boolean {
  return reason === 'client_gone' || reason === 'shutdown' || isExhausted(reason);
}
