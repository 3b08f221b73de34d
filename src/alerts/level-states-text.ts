import type { LevelState } from './low-balance.ts';

/** An account's states as one text: what stores keep, and compare as the revision. Empty: none. */
export function formatLevelStates(states: readonly LevelState[]): string {
  if (states.length === 0) return '';
  return JSON.stringify(
    states.map(({ levelNanoUsd, state, firedAtMs }) => [levelNanoUsd.toString(), state, firedAtMs]),
  );
}

/** @throws TypeError when the text was not written by {@link formatLevelStates}. */
export function parseLevelStates(text: string): LevelState[] {
  if (text === '') return [];
  const rows: unknown = JSON.parse(text);
  if (!Array.isArray(rows)) throw new TypeError('alert states are not a list');
  return rows.map(parseRow);
}

function parseRow(row: unknown): LevelState {
  if (!Array.isArray(row)) throw new TypeError('an alert state is not a list');
  const [level, state, firedAtMs]: unknown[] = row;
  if (typeof level !== 'string' || !/^\d{1,16}$/.test(level)) throw new TypeError('an alert level is not an amount');
  if (state !== 'fired' && state !== 'recovered') throw new TypeError('an alert state is unknown');
  if (!Number.isSafeInteger(firedAtMs)) throw new TypeError('an alert state has no time');
  return { levelNanoUsd: BigInt(level), state, firedAtMs: Number(firedAtMs) };
}
