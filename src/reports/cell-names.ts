import type { WindowFinder } from '../domain/quota-window.ts';
import type { CallGroup, ReportTraits } from './count-entry.ts';
import type { ReportPage } from './report-store.ts';

/** Stands for what a page has no room left for. */
export const OTHER = 'other';

/** Cells that a page takes before the rest of it is counted together. */
export const CELLS_AT_MOST = { usage: 10_000, sessions: 1_000, keys: 100_000, statements: 10_000 } as const;

/** Where something is counted. */
export interface Place {
  page: ReportPage;
  name: string;
  /** The cell in the same page that takes it where there is no room. */
  overflow: string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Where the hour of an instant begins, counted from midnight in the time zone: where that is not on a full hour of UTC,
 * hours begin at its own. So a day or a month is a sum of hours, and what is of one hour has the same place everywhere.
 */
export function findHourMs(findWindow: WindowFinder, atMs: number, timezone: string): number {
  const { startsAtMs } = findWindow('day', atMs, timezone);
  return startsAtMs + Math.floor((atMs - startsAtMs) / HOUR_MS) * HOUR_MS;
}

/** The hour of an instant: {@link findHourMs}. */
export function placeUsage(findWindow: WindowFinder, atMs: number, timezone: string, group: CallGroup): Place {
  const hourMs = findHourMs(findWindow, atMs, timezone);
  return {
    page: { kind: 'usage', day: dayOf(hourMs) },
    name: writeName(hourMs, [group.model, group.team, group.member, group.key, ...writeTraits(group.traits)]),
    overflow: writeName(hourMs, [OTHER, OTHER, OTHER, OTHER]),
  };
}

/** None at all is left out, as in the cells of earlier versions. */
function writeTraits(traits: ReportTraits): (string | null)[] {
  return traits.some((trait) => trait !== null) ? [...traits] : [];
}

/** The day of an instant in the time zone. Undefined for a call without a session. */
export function placeSession(findWindow: WindowFinder, atMs: number, timezone: string, { session }: CallGroup): Place {
  const { startsAtMs } = findWindow('day', atMs, timezone);
  return {
    page: { kind: 'sessions', day: dayOf(startsAtMs) },
    name: writeName(startsAtMs, [session]),
    overflow: writeName(startsAtMs, [OTHER]),
  };
}

/** The day or the month of an instant in the time zone, for one key. */
export function placeKey(
  findWindow: WindowFinder,
  at: { atMs: number; timezone: string; key: string; window: 'day' | 'month' },
): Place {
  const { startsAtMs } = findWindow('month', at.atMs, at.timezone);
  const { name } = findWindow(at.window, at.atMs, at.timezone);
  return {
    page: { kind: 'keys', day: dayOf(startsAtMs) },
    name: writeName(name, [at.key]),
    overflow: writeName(name, [OTHER]),
  };
}

/** The month of an instant in the time zone of that time, as `2026-11`. */
export function placeStatement(
  findWindow: WindowFinder,
  atMs: number,
  timezone: string,
  { model }: Pick<CallGroup, 'model'>,
): Place {
  const month = findWindow('month', atMs, timezone).name.slice('month:'.length, 'month:2026-11'.length);
  return {
    page: { kind: 'statements' },
    name: writeName(month, [model]),
    overflow: writeName(month, [OTHER]),
  };
}

export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

function writeName(period: number | string, group: readonly (string | null)[]): string {
  return `${period} ${JSON.stringify(group)}`;
}

/** @throws SyntaxError when it is no name of a cell. */
export function readCellName(name: string): { period: string; group: (string | null)[] } {
  const blank = name.indexOf(' ');
  return { period: name.slice(0, blank), group: JSON.parse(name.slice(blank + 1)) as (string | null)[] };
}
