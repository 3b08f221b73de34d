/**
 * What became of one level of an alert. A level that never fired has no state.
 * `fired`: it was told and has not recovered since. `recovered`: it has; it fires again when it is reached once more,
 * though not before the quiet time has passed.
 */
export interface AlertState {
  level: string;
  state: 'fired' | 'recovered';
  firedAtMs: number;
  /** Of an event: when it was noted last. */
  seenAtMs?: number;
}

/** How one level stands now. Between reached and recovered nothing changes: that is the hysteresis. */
export interface AlertReading {
  /** Its name among the levels of the alert; no blanks. */
  level: string;
  /** What the level is of. Of one subject's levels only the worst is told. */
  subject: string;
  isReached: boolean;
  isRecovered: boolean;
}

export interface AlertQuestion {
  /** The levels of each subject from the mildest to the worst. */
  readings: readonly AlertReading[];
  states: readonly AlertState[];
  nowMs: number;
  /** The shortest time between two tellings of one level. */
  quietMs: number;
  /** All levels there are were read: what is known of others is forgotten. */
  isWhole: boolean;
  /** Reached is an event, told again when it happens again after the quiet time. */
  isEvent: boolean;
}

export interface AlertDecision {
  changed: boolean;
  states: AlertState[];
  /** Levels to tell people of: of each subject the worst of those that fired. */
  fired: AlertState[];
  /** Subjects of which no level is fired any more, each by the worst that was. */
  recovered: AlertState[];
}

/** An event that goes on is noted so often, so that it is known when it stopped. */
export const SEEN_EVERY_MS = 10 * 60_000;

/**
 * Decides which levels fire and which recover. A level fires once when it is reached. Of several of one subject that
 * fire at once only the worst is told, the others are marked: one fall is one notice. Without the hysteresis a value
 * around the level would alert at every call; without the quiet time so would one that comes and goes.
 */
export function decideAlert(question: AlertQuestion): AlertDecision {
  const before = new Map(question.states.map((state) => [state.level, state]));
  const states: AlertState[] = [];
  const fired = new Map<string, AlertState>();
  const recovered = new Map<string, AlertState>();
  const firing = new Set<string>();
  for (const reading of question.readings) {
    const old = before.get(reading.level);
    const next = nextState(reading, old, question);
    before.delete(reading.level);
    if (next === undefined) continue;
    // Recovered and no longer quiet is as good as never fired.
    if (next.state === 'fired' || isQuiet(next, question)) states.push(next);
    if (next.state === 'fired') {
      firing.add(reading.subject);
      if (next.firedAtMs !== old?.firedAtMs || old.state !== 'fired') fired.set(reading.subject, next);
    } else if (old?.state === 'fired') recovered.set(reading.subject, next);
  }
  if (!question.isWhole) states.push(...before.values());
  const known = new Set(question.states);
  const changed = states.length !== question.states.length || states.some((state) => !known.has(state));
  return {
    changed,
    states,
    fired: [...fired.values()],
    recovered: [...recovered].filter(([subject]) => !firing.has(subject)).map(([, state]) => state),
  };
}

function nextState(
  { level, isReached, isRecovered }: AlertReading,
  old: AlertState | undefined,
  question: AlertQuestion,
): AlertState | undefined {
  const { nowMs, isEvent } = question;
  if (!isReached) {
    return old?.state === 'fired' && isRecovered ? { level, state: 'recovered', firedAtMs: old.firedAtMs } : old;
  }
  const wasTold = old !== undefined && isQuiet(old, question);
  if (old?.state === 'recovered' && wasTold) return old;
  if (old?.state !== 'fired' || (isEvent && !wasTold)) return { level, state: 'fired', firedAtMs: nowMs };
  return isEvent && nowMs - lastSeenMs(old) >= SEEN_EVERY_MS ? { ...old, seenAtMs: nowMs } : old;
}

function isQuiet({ firedAtMs }: AlertState, { nowMs, quietMs }: AlertQuestion): boolean {
  return nowMs - firedAtMs < quietMs;
}

/** When an event happened last, as far as it was noted. */
export function lastSeenMs({ firedAtMs, seenAtMs }: AlertState): number {
  return Math.max(firedAtMs, seenAtMs ?? 0);
}
