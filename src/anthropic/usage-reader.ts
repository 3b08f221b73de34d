import type { AnswerContent } from '../domain/call-outcome.ts';
import type { CallUsage } from '../domain/usage.ts';
import type { RawUsage } from './message-usage.ts';

/**
 * Reads the usage of one answer from its bytes as they pass. Memory is bounded whatever the answer's size, and
 * nothing in an answer makes it throw.
 */
export interface UsageReader {
  /** The next bytes, split anywhere. They are not kept. */
  push(chunk: Uint8Array): void;
  /** The answer's bytes have ended, well or not. Later calls of `push` are ignored. */
  end(): void;
  snapshot(): UsageSnapshot;
}

/** What is known so far. */
export interface UsageSnapshot {
  /** The answer came to its proper end: `message_stop`, or the closing brace of a message. */
  complete: boolean;
  /** Undefined until the answer has reported any. Until `complete`, output and input counts may be short. */
  usage: CallUsage | undefined;
  /** Code points of text, thinking and tool input seen: a floor for an estimate, not tokens. */
  visibleCharacters: number;
  content: AnswerContent;
  /** The usage object as it came, of a stream put together; undefined where there was none. */
  reported: RawUsage | undefined;
  /** The error's `type` when an `error` event or envelope came instead of an end. */
  errorEvent: string | undefined;
  /** What was odd in the answer, as short stable words, for metrics and logs. */
  anomalies: string[];
}
