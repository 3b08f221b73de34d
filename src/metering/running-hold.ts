import type { AnswerContent, ExhaustedReason } from '../domain/call-outcome.ts';
import type { MessagesRequest } from '../domain/call-request.ts';
import type { HoldSteps } from '../domain/hold-steps.ts';
import type { NanoUsd } from '../domain/money.ts';
import type { RateCard } from '../domain/rate-card.ts';
import type { RunningUse } from '../domain/running-use.ts';
import type { HoldCommand, Ledger } from '../ledger/ledger.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Timers } from './timers.ts';

export interface RunningHoldsParts {
  ledger: Pick<Ledger, 'extend'>;
  timers: Timers;
  metrics: Pick<Metrics, 'storeFailed' | 'holdEnlarged'>;
  logger: Pick<Logger, 'warn'>;
  limits: { holdLeaseMs: number };
}

/** What is seen of an answer as it passes; see {@link RunningUse}. */
export interface AnswerProgress extends Omit<RunningUse, 'outputTokens'> {
  /** Code points of text, thinking and tool input seen. */
  visibleCharacters: number;
  content: AnswerContent;
}

/** A call that runs on less than it may cost. */
export interface WatchedCall {
  hold: HoldCommand;
  heldNanoUsd: NanoUsd;
  steps: HoldSteps;
  /** What is used of the hold before anything is reported. */
  promptNanoUsd: NanoUsd;
  card: RateCard;
  request: MessagesRequest;
  /** Prices are those of this instant. */
  atMs: number;
  /** Characters per 100 output tokens of such content, as known by now. */
  findRatio(content: AnswerContent): number;
  /** Ends the call; absent where it may run on into debt. */
  stop: ((reason: ExhaustedReason) => void) | undefined;
}

/** The hold of one running call. */
export interface RunningHold {
  /**
   * Names who tells how far the answer has come, with what is to be passed on next. Until then nothing is done.
   * @param onAnswer called when the ledger has answered a request for more.
   */
  follow(read: () => AnswerProgress | undefined, onAnswer?: () => void): void;
  /**
   * Whether the hold covers an answer that has come so far, or is not to be kept to. Where it does not, nothing of the
   * answer may be passed on, and {@link look} is to be called.
   */
  covers(progress: AnswerProgress): boolean;
  /** Looks at the answer now: to be called when more of it has come. */
  look(): void;
  /** The hold as it stands, to the best of our knowledge. */
  readonly heldNanoUsd: NanoUsd;
  /** Output tokens, seen and unseen, that it was last found to cover; undefined where the answer was never looked at. */
  readonly coveredTokens: number | undefined;
  /** Enlargements granted. */
  readonly enlargements: number;
  /** The call is over: nothing more is asked for. */
  end(): void;
}
