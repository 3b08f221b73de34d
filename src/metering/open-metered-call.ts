import { writeDetails } from '../domain/credit/write-details.ts';
import { type Settlement, settleOutcome } from '../domain/settlement.ts';
import type { HoldCommand } from '../ledger/ledger.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { type CallPolicies, DEFAULT_CALL_POLICIES } from './call-policies.ts';
import { findSettleCells } from './call-quotas.ts';
import { type CallEnd, describeCall, describeEnd } from './describe-call.ts';
import type { LedgerWrite } from './ledger-write.ts';
import type { CallFacts, CallProgress, CallTrace, MeteredCall } from './metered-call.ts';
import type { CallOutcome, InterruptReason, ReportedUsage } from './metering-types.ts';
import type { OpenCall, OpenCalls, OpenCallView } from './open-calls.ts';
import type { OutputRatios } from './output-ratios.ts';
import type { HoldWatchTerms } from './place-hold.ts';
import { type CallTraces, reportCall } from './report-call.ts';
import type { RunningHold } from './running-hold.ts';
import type { RunningHolds } from './running-holds.ts';
import { findOutputRatio, scoreEstimate } from './score-estimate.ts';
import type { SpoolPlace } from './spool-place.ts';
import type { Timers } from './timers.ts';
import { viewOpenCall } from './view-open-call.ts';

export interface MeteredCallParts {
  openCalls: OpenCalls;
  runningHolds: RunningHolds;
  timers: Timers;
  /** {@link DEFAULT_CALL_POLICIES} unless given. */
  policies?: CallPolicies;
  outputRatios: OutputRatios;
  metrics: Pick<
    Metrics,
    | 'outputEstimated'
    | 'callFinished'
    | 'usageMissing'
    | 'unknownUsage'
    | 'unpricedRequest'
    | 'holdOpened'
    | 'holdClosed'
  >;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  traces?: CallTraces;
}

/** A hold that was granted, and the call that it was granted for. */
export interface GrantedCall {
  place: Pick<SpoolPlace, 'mark' | 'deliver'>;
  hold: HoldCommand;
  facts: CallFacts;
  /** Given where what is held may not do. */
  watch: HoldWatchTerms | undefined;
  /** Told once what the call came to. Must not throw. */
  onSettled?: ((settlement: Settlement) => void) | undefined;
}

/** Registers a call whose hold was granted. From here on exactly one settle or release of it will be delivered. */
export function openMeteredCall(parts: MeteredCallParts, granted: GrantedCall): MeteredCall {
  const call = new OpenedCall(parts, granted);
  parts.metrics.holdOpened(granted.hold.holdId, granted.facts.admittedAtMs);
  parts.openCalls.add(call);
  return call;
}

/** To whom it belongs, a call to be finished; to all others, one that is open. One object, for each call has one. */
class OpenedCall implements MeteredCall, OpenCall {
  readonly facts: CallFacts;
  readonly running: RunningHold | undefined;
  readonly #parts: MeteredCallParts;
  readonly #granted: GrantedCall;
  #settlement: Settlement | undefined;
  #listener: ((reason: InterruptReason) => void) | undefined;
  #readProgress: (() => CallProgress | undefined) | undefined;

  constructor(parts: MeteredCallParts, granted: GrantedCall) {
    this.facts = granted.facts;
    this.#parts = parts;
    this.#granted = granted;
    this.running = granted.watch === undefined ? undefined : watchHold(parts, granted, granted.watch, this);
  }

  get accountId(): string {
    return this.#granted.hold.accountId;
  }

  get holdId(): string {
    return this.#granted.hold.holdId;
  }

  get modelLabels(): HoldCommand['modelLabels'] {
    return this.#granted.hold.modelLabels;
  }

  get cells(): HoldCommand['cells'] {
    return this.#granted.hold.cells;
  }

  get onGrace(): boolean {
    return this.facts.onGrace;
  }

  look(): OpenCallView {
    return viewOpenCall(this.facts, this.running?.heldNanoUsd, this.#readProgress?.(), this.#parts.outputRatios);
  }

  interrupt(reason: InterruptReason): void {
    if (this.#listener === undefined) this.finish({ kind: 'not_sent', reason }, { status: 0 });
    else this.#listener(reason);
  }

  showProgress(read: () => CallProgress | undefined): void {
    this.#readProgress = read;
  }

  onInterrupt(listener: (reason: InterruptReason) => void): void {
    this.#listener = listener;
  }

  mark(reported: ReportedUsage): void {
    if (this.#settlement !== undefined) return;
    const { place, hold } = this.#granted;
    place.mark(toMark(hold, this.facts, reported, this.#parts));
  }

  finish(outcome: CallOutcome, trace: CallTrace): Settlement {
    if (this.#settlement !== undefined) return this.#settlement;
    const parts = this.#parts;
    const { place, hold, onSettled } = this.#granted;
    const { running } = this;
    const settlement = decideCharge(this.facts, outcome, parts, running?.coveredTokens);
    this.#settlement = settlement;
    running?.end();
    const endedAtMs = parts.timers.nowMs();
    const facts = running === undefined ? this.facts : { ...this.facts, heldNanoUsd: running.heldNanoUsd };
    const end = describeEnd(facts, outcome, trace, settlement, endedAtMs);
    place.deliver(toLedgerWrite(hold, end));
    parts.metrics.holdClosed(hold.holdId);
    parts.openCalls.remove(this);
    reportSafely(parts, end);
    onSettled?.(settlement);
    return settlement;
  }
}

function decideCharge(
  facts: CallFacts,
  outcome: CallOutcome,
  { policies = DEFAULT_CALL_POLICIES, outputRatios }: Pick<MeteredCallParts, 'policies' | 'outputRatios'>,
  followedOutputTokens?: number,
): Settlement {
  const { request, model, card, admittedAtMs, ceilingNanoUsd, isOpen } = facts;
  return settleOutcome({
    outcome,
    request,
    model,
    card,
    atMs: admittedAtMs,
    heldNanoUsd: ceilingNanoUsd,
    isOpen,
    doubtfulEnds: policies.doubtfulEnds,
    charactersPer100Tokens: findOutputRatio(outputRatios, facts, outcome),
    followedOutputTokens,
  });
}

/** The call as it is charged when nobody will ever see its end: broken off by us, after what was reported. */
function toMark(
  hold: HoldCommand,
  facts: CallFacts,
  reported: ReportedUsage,
  { outputRatios, timers }: MeteredCallParts,
): LedgerWrite {
  const outcome: CallOutcome = { kind: 'interrupted', reason: 'shutdown', ...reported };
  const settlement = decideCharge(facts, outcome, { outputRatios });
  const end = describeEnd(facts, outcome, { status: 0 }, settlement, timers.nowMs());
  return toLedgerWrite(hold, end, 'process_ended');
}

function watchHold(
  { runningHolds, outputRatios }: MeteredCallParts,
  { hold, facts }: GrantedCall,
  terms: HoldWatchTerms,
  call: OpenCall,
): RunningHold {
  const { principal, request, model, card, heldNanoUsd, admittedAtMs } = facts;
  return runningHolds.watch({
    ...terms,
    hold,
    heldNanoUsd,
    card,
    request,
    atMs: admittedAtMs,
    findRatio: (content) => outputRatios.find(model.id, content),
    stop: principal.account.onExhausted === 'cut' ? (reason) => call.interrupt(reason) : undefined,
  });
}

/** The charge is on its way; a fault in telling of it must not reach the answer. */
function reportSafely({ metrics, logger, outputRatios, traces }: MeteredCallParts, end: CallEnd): void {
  const { facts, outcome, settlement } = end;
  try {
    scoreEstimate(metrics, outputRatios, facts, outcome, settlement);
    reportCall(metrics, logger, end, traces);
  } catch (error) {
    logger.error({ err: error, hold_id: facts.holdId }, 'a call could not be reported');
  }
}

function toLedgerWrite(hold: HoldCommand, end: CallEnd, reason?: string): LedgerWrite {
  const { accountId, holdId } = hold;
  const { facts, settlement, endedAtMs } = end;
  // Once, for the spool, for the store, and for the two minutes in which it may have to be sent again.
  const details = writeDetails(describeCall(end, reason));
  if (settlement.action === 'release') return { kind: 'release', command: { accountId, holdId, details }, endedAtMs };
  const command = {
    accountId,
    holdId,
    amountNanoUsd: settlement.amountNanoUsd,
    tokens: settlement.tokens,
    modelLabels: hold.modelLabels,
    cells: findSettleCells(facts.quotas, facts.card, facts.request.model, settlement),
    details,
  };
  return { kind: 'settle', command, endedAtMs };
}
