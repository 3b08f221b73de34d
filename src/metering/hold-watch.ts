import type { ExhaustedReason } from '../domain/call-outcome.ts';
import { estimateOutput } from '../domain/estimate-usage.ts';
import { type HoldRun, planHoldStep, planSmallerStep } from '../domain/hold-steps.ts';
import type { NanoUsd } from '../domain/money.ts';
import { priceRunningUse } from '../domain/running-use.ts';
import type { ExtendReply, HoldCommand } from '../ledger/ledger.ts';
import type { AnswerProgress, RunningHold, RunningHoldsParts, WatchedCall } from './running-hold.ts';
import { createSilenceEstimate, type SilenceEstimate } from './silence-estimate.ts';

/**
 * Between two enlargements that are asked for in one call: after one that was granted, unless the call has come into
 * its reserve meanwhile, and after one that was not.
 */
const ENLARGE_EVERY_MS = 250;
const ENLARGE_REFUSED_EVERY_MS = 2_000;

/** The hold of one running call, and the requests to enlarge it. */
export class HoldWatch implements RunningHold {
  heldNanoUsd: NanoUsd;
  coveredTokens: number | undefined;
  enlargements = 0;
  readonly #parts: RunningHoldsParts;
  readonly #call: WatchedCall;
  readonly #onEnd: () => void;
  readonly #silence: SilenceEstimate;
  #read: (() => AnswerProgress | undefined) | undefined;
  #onAnswer: (() => void) | undefined;
  #attempts = 0;
  #isAsking = false;
  #isRefused = false;
  /** As the ledger said last. */
  #shortOf: ExhaustedReason = 'credit_exhausted';
  #nextAttemptAtMs = 0;
  #isOver = false;

  constructor(parts: RunningHoldsParts, call: WatchedCall, onEnd: () => void) {
    this.#parts = parts;
    this.#call = call;
    this.#onEnd = onEnd;
    this.#silence = createSilenceEstimate(parts.timers.nowMs);
    this.heldNanoUsd = call.heldNanoUsd;
  }

  follow(read: () => AnswerProgress | undefined, onAnswer?: () => void): void {
    this.#read = read;
    this.#onAnswer = onAnswer;
  }

  covers(progress: AnswerProgress): boolean {
    return this.#priceUse(progress) <= this.heldNanoUsd || this.#isUnlimited;
  }

  look(): void {
    if (this.#isOver || this.#isAsking || this.#read === undefined) return;
    const progress = this.#read();
    // With the stop reason come the last figures: nothing more will be generated.
    if (progress?.usage?.stopReason !== undefined) this.end();
    else this.#follow(progress);
  }

  /** It may run on into debt, or all that it can cost is held. */
  get #isUnlimited(): boolean {
    const { stop, steps } = this.#call;
    return stop === undefined || this.heldNanoUsd >= steps.ceilingNanoUsd;
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
    if (progress?.usage === undefined) return promptNanoUsd;
    const outputTokens = this.#estimateOutput(progress);
    const usedNanoUsd = priceRunningUse(card, request, { ...progress, outputTokens }, atMs, promptNanoUsd);
    if (usedNanoUsd <= this.heldNanoUsd || this.#isUnlimited) this.coveredTokens = outputTokens;
    return usedNanoUsd;
  }

  /** What was learnt of hidden thinking counts it in; where nothing was, the clock does. */
  #estimateOutput(progress: AnswerProgress): number {
    const { request, findRatio } = this.#call;
    const { visibleCharacters, content } = progress;
    const seen = estimateOutput(request, visibleCharacters, findRatio('text'));
    const unseen = Math.ceil(this.#silence.observe(progress));
    const learnt = estimateOutput(request, visibleCharacters, findRatio(content));
    return Math.min(Math.max(seen + unseen, learnt), request.maxTokens);
  }

  #exhaust(): void {
    const { stop } = this.#call;
    if (stop === undefined) return;
    this.end();
    stop(this.#shortOf);
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
    this.#onAnswer?.();
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
    if (reply.result !== 'extended') {
      this.#shortOf = reply.result === 'quota_exceeded' ? 'quota_exhausted' : 'credit_exhausted';
      return findRoom(this.#call.hold, reply);
    }
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
