import { createWatchList } from '../collections/watch-list.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { AlertBook } from './alert-book.ts';
import { type AlertRule, alertKeyOf, isEventKind } from './alert-rule.ts';
import type { AlertStates, AlertStore } from './alert-store.ts';
import { createAlertNotice, type NoticeData } from './create-notice.ts';
import { type AlertDecision, type AlertReading, type AlertState, decideAlert } from './decide-alert.ts';
import { logAlert } from './log-alert.ts';

export interface WatchAlertsOptions {
  store: Pick<AlertStore, 'readAlerts' | 'changeAlerts'>;
  book: Pick<AlertBook, 'findChannelIds'>;
  nowMs: () => number;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  metrics: Pick<Metrics, 'alertSent' | 'storeFailed'>;
  /** A notice was put into the outbox. */
  onNotice?: () => void;
}

/** How the levels of a rule stand for an account, or for the installation. */
export interface AlertObservation {
  rule: AlertRule;
  account: { id: string; name: string } | undefined;
  readings: readonly AlertReading[];
  /** All levels there are were read. */
  isWhole: boolean;
  /** Orders what was observed of an account; left out: it is taken for the newest. */
  sequence?: number;
  /** What a notice of this level says. */
  describe(state: AlertState): NoticeData;
}

export interface AlertWatch {
  /**
   * Looks at what was seen. Returns at once and never throws: most calls end at a comparison, the rest goes on beside
   * the caller.
   * @returns until when the same readings change nothing, as far as that is known; 0: something is under way.
   */
  observe(observation: AlertObservation): number;
  /** Resolves when everything observed so far has been dealt with. For shutdown. */
  settled(): Promise<void>;
}

/** What other replicas did to an alert is known here after so long at the latest. */
const KNOWN_FOR_MS = 30_000;
/** After a fault of the store an alert is left alone for so long. */
const FAULT_PAUSE_MS = 5_000;
/** Alerts remembered; of the rest the states are read again. */
const ALERTS_AT_MOST = 10_000;
/** Other replicas that may change the same alert before a turn is given up; the next observation tries again. */
const TURNS_AT_MOST = 5;

interface Known {
  known: AlertStates | undefined;
  readAtMs: number;
  notBeforeMs: number;
  sequence: number;
  sequenceAtMs: number;
}

const NOTHING: Known = { known: undefined, readAtMs: 0, notBeforeMs: 0, sequence: 0, sequenceAtMs: 0 };

/**
 * Watches levels being reached. However many replicas watch one store, a crossing is told once: the states change by
 * compare-and-set, and the notices are put into the outbox in the same step.
 */
export function createAlertWatch(options: WatchAlertsOptions): AlertWatch {
  const alerts = createWatchList(ALERTS_AT_MOST, NOTHING);
  const observe = (observation: AlertObservation): number => {
    const nowMs = options.nowMs();
    const watched = alerts.find(alertKeyOf(observation.rule, observation.account?.id));
    if (isOvertaken(watched, observation.sequence, nowMs)) return 0;
    if (watched.busy) {
      // Of events one of each, which are few.
      const isEvent = isEventKind(observation.rule.condition.kind);
      const kind = (isEvent ? observation.readings[0]?.level : undefined) ?? '';
      alerts.postpone(watched, kind, () => void observe(observation));
      return 0;
    }
    if (nowMs < watched.notBeforeMs) return 0;
    if (!needsStore(watched, observation, nowMs)) return findQuietEnd(watched, observation, nowMs);
    alerts.begin(watched, () => evaluate(options, watched, observation));
    return 0;
  };
  return { observe, settled: alerts.settled };
}

/** Replies can overtake each other. A sequence that stays behind (a fail-over) is believed after a while. */
function isOvertaken(watched: Known, sequence: number | undefined, nowMs: number): boolean {
  if (sequence === undefined) return false;
  if (sequence < watched.sequence && nowMs - watched.sequenceAtMs < KNOWN_FOR_MS) return true;
  watched.sequence = sequence;
  watched.sequenceAtMs = nowMs;
  return false;
}

function needsStore(watched: Known, observation: AlertObservation, nowMs: number): boolean {
  const { known } = watched;
  const { readings } = observation;
  if (known === undefined) return readings.length > 0;
  if (nowMs - watched.readAtMs >= KNOWN_FOR_MS) return readings.length > 0 || known.states.length > 0;
  return decide(observation, known.states, nowMs).changed;
}

/** What was read may be out of date after a while, and what was told may be told again once the quiet time is over. */
function findQuietEnd({ known, readAtMs }: Known, { rule, readings }: AlertObservation, nowMs: number): number {
  if (known === undefined || (readings.length === 0 && known.states.length === 0)) return Number.POSITIVE_INFINITY;
  const ends = known.states.map(({ firedAtMs }) => firedAtMs + rule.quietMs).filter((endMs) => endMs > nowMs);
  return Math.min(readAtMs + KNOWN_FOR_MS, ...ends);
}

function decide(
  { rule, readings, isWhole }: AlertObservation,
  states: readonly AlertState[],
  nowMs: number,
): AlertDecision {
  const isEvent = isEventKind(rule.condition.kind);
  return decideAlert({ readings, states, nowMs, quietMs: rule.quietMs, isWhole, isEvent });
}

async function evaluate(options: WatchAlertsOptions, watched: Known, observation: AlertObservation): Promise<void> {
  const key = alertKeyOf(observation.rule, observation.account?.id);
  try {
    for (let turn = 1; turn <= TURNS_AT_MOST; turn += 1) {
      const known = await options.store.readAlerts(key);
      const nowMs = options.nowMs();
      const decision = decide(observation, known.states, nowMs);
      watched.known = known;
      watched.readAtMs = nowMs;
      if (!decision.changed) return;
      if (await change(options, key, observation, known.revision, decision, nowMs)) {
        // The new revision is the store's to know: it is read before the next change.
        watched.known = { revision: '', states: decision.states };
        return;
      }
    }
    watched.known = undefined;
  } catch (error) {
    watched.known = undefined;
    watched.notBeforeMs = options.nowMs() + FAULT_PAUSE_MS;
    options.metrics.storeFailed('alerts');
    options.logger.error({ err: error, alert: key }, 'the alerts of an account could not be kept');
  }
}

async function change(
  options: WatchAlertsOptions,
  key: string,
  { rule, account, describe }: AlertObservation,
  revision: string,
  { states, fired, recovered }: AlertDecision,
  nowMs: number,
): Promise<boolean> {
  const told = [...fired, ...(rule.recovery ? recovered : [])];
  const channelIds = told.length === 0 ? [] : await options.book.findChannelIds(rule, account?.id);
  const notices = told.map((state) => {
    const data = describe(state);
    return { data, ...createAlertNotice({ rule, account, state, data, nowMs }) };
  });
  const entries = notices.flatMap(({ id, payload }) =>
    channelIds.map((channelId) => ({ id, payload, ...(channelId === undefined ? {} : { channelId }) })),
  );
  const result = await options.store.changeAlerts({ key, revision, states, notices: entries, nowMs });
  if (result === 'stale') return false;
  for (const { type, data } of notices) logAlert(options, { type, rule, account, data });
  if (entries.length > 0) options.onNotice?.();
  return true;
}
