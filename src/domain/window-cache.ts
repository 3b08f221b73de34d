import { findWindow, type WindowFinder, type WindowSpan } from './quota-window.ts';

/** Far above the zones and billing dates of one deployment; each entry is a few hundred bytes. */
const ENTRIES_MAX = 1_000;

/**
 * {@link findWindow} with a memory: calendar arithmetic costs tens of microseconds, and every call of a window has the
 * same answer. An instant outside the span remembered, such as after the clock was set back, is worked out anew.
 */
export function createWindowCache(): WindowFinder {
  const spans = new Map<string, WindowSpan>();
  return (window, atMs, timezone, anchorDay = 1) => {
    const name = `${window} ${anchorDay} ${timezone}`;
    const known = spans.get(name);
    if (known !== undefined && isWithin(known, atMs)) return known;
    const span = findWindow(window, atMs, timezone, anchorDay);
    if (spans.size >= ENTRIES_MAX && !spans.has(name)) spans.clear();
    spans.set(name, span);
    return span;
  };
}

function isWithin({ startsAtMs, endsAtMs }: WindowSpan, atMs: number): boolean {
  return startsAtMs <= atMs && (endsAtMs === undefined || atMs < endsAtMs);
}
