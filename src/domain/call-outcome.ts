import type { CallUsage } from './usage.ts';

/**
 * How a metered call ended, as the forwarder saw it.
 * `finish` may be called many times with any of these and acts once.
 */
export type CallOutcome =
  /** The answer came to its end. `usage` is what it reported; undefined: nothing was reported. */
  | ({ kind: 'completed'; status: number } & ReportedUsage)
  /** The upstream answered with an error that the API does not bill. */
  | ({ kind: 'upstream_error'; status: number } & Doubt)
  /**
   * The answer broke off: an `error` event, a cut, a silence, our own limits; or the client left and the call was
   * aborted, with or without an answer. `usage` is what had been reported by then.
   */
  | ({ kind: 'interrupted'; reason: InterruptReason } & ReportedUsage)
  /** The request never reached the upstream, or it failed before a byte of an answer's body came. */
  | ({ kind: 'not_sent'; reason: InterruptReason } & Doubt);

interface Doubt {
  /**
   * Whether the API bills it is not known: it was at work on the request, and its answer was lost or came late and as
   * an error.
   */
  doubtful?: true;
}

/**
 * What an answer is of decides how many tokens its characters stand for: the input of tools is JSON, thinking may be
 * shown in a shorter form, or not at all.
 */
export type AnswerContent = 'text' | 'tool_input' | 'shown_thinking' | 'hidden_thinking';

export interface ReportedUsage {
  usage: CallUsage | undefined;
  /** Code points of text, thinking and tool input that were seen. */
  visibleCharacters: number;
  /** What the answer was of as far as it was seen; absent: text. */
  content?: AnswerContent;
  /** The usage as the API wrote it, to be kept where it is odd. */
  reported?: { readonly [name: string]: unknown };
  /** Counts were negative, absurd or none, and had to be bent to be read. */
  isDoubtful?: boolean;
}

export type InterruptReason =
  | 'client_gone'
  | 'upstream_cut'
  | 'upstream_silent'
  | 'upstream_unreachable'
  | 'upstream_slow'
  | 'upstream_busy'
  | 'error_event'
  | 'shutdown'
  | ExhaustedReason;

/** What a call was cut for want of: credit, or the room of a quota. */
export type ExhaustedReason = 'credit_exhausted' | 'quota_exhausted';

export function isExhausted(reason: string): reason is ExhaustedReason {
  return reason === 'credit_exhausted' || reason === 'quota_exhausted';
}
