import type { AlertState } from './decide-alert.ts';

/** An alert's states as one text: what stores keep, and compare as the revision. Empty: none. */
export function formatAlertStates(states: readonly AlertState[]): string {
  if (states.length === 0) return '';
  return JSON.stringify(
    states.map(({ level, state, firedAtMs, seenAtMs }) => [
      level,
      state,
      firedAtMs,
      ...(seenAtMs === undefined ? [] : [seenAtMs]),
    ]),
  );
}

/** @throws TypeError when the text was not written by {@link formatAlertStates}. */
export function parseAlertStates(text: string): AlertState[] {
  if (text === '') return [];
  const rows: unknown = JSON.parse(text);
  if (!Array.isArray(rows)) throw new TypeError('alert states are not a list');
  return rows.map(parseRow);
}

function parseRow(row: unknown): AlertState {
  if (!Array.isArray(row)) throw new TypeError('an alert state is not a list');
  const [level, state, firedAtMs, seenAtMs]: unknown[] = row;
  if (typeof level !== 'string' || !/^[\w:.-]{1,128}$/.test(level)) {
    throw new TypeError('an alert level has no name');
  }
  if (state !== 'fired' && state !== 'recovered') throw new TypeError('an alert state is unknown');
  if (!Number.isSafeInteger(firedAtMs)) throw new TypeError('an alert state has no time');
  return {
    level,
    state,
    firedAtMs: Number(firedAtMs),
    ...(Number.isSafeInteger(seenAtMs) ? { seenAtMs: Number(seenAtMs) } : {}),
  };
}
