import type { MessagesRequest } from '../domain/call-request.ts';
import { type HoldRun, type HoldSteps, planHoldStep, planSmallerStep } from '../domain/hold-steps.ts';
import type { NanoUsd } from '../domain/money.ts';
import type { RateCard } from '../domain/rate-card.ts';
import { priceRunningUse, type RunningUse } from '../domain/running-use.ts';
import type { ExtendReply, HoldCommand, Ledger } from '../ledger/ledger.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { createSilenceEstimate, type SilenceEstimate } from './silence-estimate.ts';
import type { Timers } from './timers.ts';

export interface RunningHoldsParts {
  ledger: Pick<Ledger, 'extend'>;
  timers: Timers;
  metrics: Pick<Metrics, 'storeFailed' | 'holdEnlarged'>;
  logger: Pick<Logger, 'warn'>;
  limits: { holdLeaseMs: number };
}

/** What is seen of an answer as it passes; see {@link RunningUse}. */
export type AnswerProgress = Omit<RunningUse, 'silentTokens'>;

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
  /** Ends the call; absent where it may run on into debt. */
  stop: (() => void) | undefined;
}

/** The hold of one running call. */
export interface RunningHold {
  /** Names who tells how far the answer has come. Until then nothing is done. */
  follow(read: () => AnswerProgress | undefined): void;
  /** Looks at the answer now: to be called when more of it has come. */
  look(): void;
  /** The hold as it stands, to the best of our knowledge. */
  readonly heldNanoUsd: NanoUsd;
  /** Enlargements granted. */
  readonly enlargements: number;
  /** The call is over: nothing more is asked for. */
  end(): void;
}

/** Watches the calls that run on less than they may cost, and enlarges their holds in time. */
export interface RunningHolds {
  watch(call: WatchedCall): RunningHold;
}

/** One timer for all of them, while there are any: what is not visible is seen by the clock alone. */
const LOOK_EVERY_MS = 1_000;
/**
 * Between two enlargements that are asked for in one call: after one that was granted, unless the call has come into
 * its reserve meanwhile, and after one that was not.
 */
const ENLARGE_EVERY_MS = 250;
const ENLARGE_REFUSED_EVERY_MS = 2_000;

export function createRunningHolds(parts: RunningHoldsParts): RunningHolds {
  const watched = new Set<RunningHold>();
  let stopLooking: (() => void) | undefined;
  const lookAtAll = (): void => {
    for (const hold of [...watched]) hold.look();
  };
  const forget = (hold: RunningHold): void => {
    watched.delete(hold);
    if (watched.size > 0) return;
    stopLooking?.();
    stopLooking = undefined;
  };
  return {
    watch(call) {
      const hold: RunningHold = new HoldWatch(parts, call, () => forget(hold));
      watched.add(hold);
      stopLooking ??= parts.timers.every(LOOK_EVERY_MS, lookAtAll);
      return hold;
    },
  };
}

class HoldWatch implements RunningHold {
  heldNanoUsd: NanoUsd;
  enlargements = 0;
  readonly #parts: RunningHoldsParts;
  readonly #call: WatchedCall;
  readonly #onEnd: () => void;
  readonly #silence: SilenceEstimate;
  #read: (() => AnswerProgress | undefined) | undefined;
  #attempts = 0;
  #isAsking = false;
  #isRefused = false;
  #nextAttemptAtMs = 0;
  #isOver = false;

  constructor(parts: RunningHoldsParts, call: WatchedCall, onEnd: () => void) {
    this.#parts = parts;
    this.#call = call;
    this.#onEnd = onEnd;
    this.#silence = createSilenceEstimate(parts.timers.nowMs);
    this.heldNanoUsd = call.heldNanoUsd;
  }

  follow(read: () => AnswerProgress | undefined): void {
    this.#read = read;
  }

  look(): void {
    if (this.#isOver || this.#isAsking || this.#read === undefined) return;
    const progress = this.#read();
    // With the stop reason come the last figures: nothing more will be generated.
    if (progress?.usage?.stopReason !== undefined) this.end();
    else this.#follow(progress);
  }

  #follow(progress: AnswerProgress | undefined): void {
    const step = planHoldStep(this.#call.steps, this.#run(progress));
    if (step.kind === 'enough') return;
    if (step.kind === 'exhausted') this.#exhaust();
    else if (this.#parts.timers.nowMs() >= this.#nextAttemptAtMs || (step.elseExhausted && !this.#isRefused)) {
      this.#isAsking = true;
      void this.#enlarge(step.toNanoUsd);
    } else if (this.#isRefused && step.elseExhausted) this.#exhaust();
  }

  end(): void {
    this.#isOver = true;
    this.#onEnd();
  }

  #run(progress = this.#read?.()): HoldRun {
    return { heldNanoUsd: this.heldNanoUsd, usedNanoUsd: this.#priceUse(progress), attempts: this.#attempts };
  }

  #priceUse(progress: AnswerProgress | undefined): NanoUsd {
    const { card, request, atMs, promptNanoUsd } = this.#call;
    if (progress === undefined) return promptNanoUsd;
    const use = { ...progress, silentTokens: this.#silence.observe(progress) };
    return priceRunningUse(card, request, use, atMs, promptNanoUsd);
  }

  #exhaust(): void {
    const { stop } = this.#call;
    if (stop === undefined) return;
    this.end();
    stop();
  }

  async #enlarge(toNanoUsd: NanoUsd): Promise<void> {
    const { metrics, logger, timers } = this.#parts;
    try {
      const roomNanoUsd = await this.#ask(toNanoUsd);
      const lesser =
        roomNanoUsd === undefined ? undefined : planSmallerStep(this.#call.steps, this.#run(), roomNanoUsd);
      this.#isRefused = roomNanoUsd !== undefined && (lesser === undefined || (await this.#ask(lesser)) !== undefined);
    } catch (error) {
      // Unknown, so not to be counted on. Sent again it enlarges nothing twice.
      this.#isRefused = true;
      metrics.storeFailed('extend');
      metrics.holdEnlarged('unanswered');
      logger.warn({ err: error, hold_id: this.#call.hold.holdId }, 'a hold could not be enlarged');
    }
    this.#isAsking = false;
    this.#nextAttemptAtMs = timers.nowMs() + (this.#isRefused ? ENLARGE_REFUSED_EVERY_MS : ENLARGE_EVERY_MS);
    this.look();
  }

  /** @returns undefined when it was granted; else what could still be had. */
  async #ask(toNanoUsd: NanoUsd): Promise<NanoUsd | undefined> {
    const { ledger, limits, metrics } = this.#parts;
    const { accountId, holdId, modelLabels, cells } = this.#call.hold;
    this.#attempts += 1;
    const reply = await ledger.extend({
      accountId,
      holdId,
      toNanoUsd,
      leaseMs: limits.holdLeaseMs,
      modelLabels,
      cells,
    });
    metrics.holdEnlarged(reply.result === 'extended' ? 'granted' : 'refused');
    if (reply.result !== 'extended') return findRoom(this.#call.hold, reply);
    this.heldNanoUsd = reply.amountNanoUsd;
    this.enlargements += 1;
    return undefined;
  }
}

/** What could still be had, of the credit or of the quota that refused. */
function findRoom({ cells }: HoldCommand, reply: ExtendReply): NanoUsd {
  if (reply.result === 'insufficient_credit') return reply.availableNanoUsd;
  if (reply.result !== 'quota_exceeded') return 0n;
  return cells.find(({ quotaId }) => quotaId === reply.quotaId)?.measure === 'usd' ? reply.room : 0n;
}
