import type { VNode } from 'preact';
import { formatDate, formatDistance, formatPrecise, formatTime } from '../data/words.ts';
import { html } from '../html.ts';

interface TimeProps {
  at: string;
  /** `date`, `time`: with the hour, `distance`: "in 3 days". */
  as?: 'date' | 'time' | 'distance';
}

const WRITERS = { date: formatDate, time: formatTime, distance: (at: string) => formatDistance(at) };

/** An instant in the reader's own zone; to the second on pointing at it. */
export function Time({ at, as = 'time' }: TimeProps): VNode {
  return html`<time datetime=${at} title=${formatPrecise(at)}>${WRITERS[as](at)}</time>`;
}
