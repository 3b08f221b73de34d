import type { NanoUsd } from '../domain/money.ts';

/**
 * What became of one level of one account. A level that never fired has no state.
 * `fired`: its notice went out and the balance has not recovered since. `recovered`: it has; the level fires again
 * when the balance falls to it once more, though not before the cool-down has passed.
 */
export interface LevelState {
  levelNanoUsd: NanoUsd;
  state: 'fired' | 'recovered';
  firedAtMs: number;
}

export interface LowBalanceQuestion {
  /** The account's levels, in any order. */
  levelsNanoUsd: readonly NanoUsd[];
  states: readonly LevelState[];
  /** Available + held - debt; may be below zero. */
  balanceNanoUsd: NanoUsd;
  nowMs: number;
  /** The shortest time between two notices of one level. */
  coolDownMs: number;
}

/** `fire`: the level to tell people of. `states` are in order of level, highest first. */
export interface LowBalanceDecision {
  changed: boolean;
  states: LevelState[];
  fire?: LevelState;
}

/**
 * Decides which levels fire and which recover. A level fires at or below it, once; it recovers a tenth above it. Of
 * several that fire at once only the lowest is told, the others are marked: one fall is one notice. Without the
 * tenth a balance around the level would alert at every call; without the cool-down so would one topped up in small
 * steps.
 */
export function decideLowBalance(question: LowBalanceQuestion): LowBalanceDecision {
  const levels = [...new Set(question.levelsNanoUsd)].sort(compareDescending);
  const before = new Map(question.states.map((state) => [state.levelNanoUsd, state]));
  const states: LevelState[] = [];
  let fire: LevelState | undefined;
  for (const level of levels) {
    const old = before.get(level);
    const next = nextState(level, old, question);
    if (next !== undefined) states.push(next);
    if (next !== undefined && next !== old && next.state === 'fired') fire = next;
  }
  const unchanged = states.length === before.size && states.every((state) => before.get(state.levelNanoUsd) === state);
  return { changed: !unchanged, states, ...(fire === undefined ? {} : { fire }) };
}

function nextState(level: NanoUsd, old: LevelState | undefined, question: LowBalanceQuestion): LevelState | undefined {
  const { balanceNanoUsd, nowMs, coolDownMs } = question;
  if (balanceNanoUsd <= level) {
    if (old?.state === 'fired') return old;
    if (old !== undefined && nowMs - old.firedAtMs < coolDownMs) return old;
    return { levelNanoUsd: level, state: 'fired', firedAtMs: nowMs };
  }
  if (old?.state === 'fired' && balanceNanoUsd >= recoveryBalance(level)) return { ...old, state: 'recovered' };
  return old;
}

/** The balance from which a level counts as recovered: 1.1 times the level, and above it even where that is zero. */
export function recoveryBalance(levelNanoUsd: NanoUsd): NanoUsd {
  const tenth = (levelNanoUsd + 9n) / 10n;
  return levelNanoUsd + (tenth > 0n ? tenth : 1n);
}

function compareDescending(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? 1 : -1;
}
