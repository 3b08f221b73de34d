import type { VNode } from 'preact';
import type { Pages } from '../data/use-pages.ts';
import { html } from '../html.ts';
import { Failure, Loading } from './states.ts';

/** The foot of a list that may go on. */
export function More<Item>({ of, label = 'Show more' }: { of: Pages<Item>; label?: string }): VNode | null {
  if (of.problem !== undefined)
    return html`<${Failure} message=${of.problem.message} onRetry=${of.items.length === 0 ? of.reload : of.more} />`;
  if (of.isLoading) return html`<${Loading} lines=${of.items.length === 0 ? 5 : 1} />`;
  return of.hasMore
    ? html`<p class="more"><button type="button" class="button" onClick=${of.more}>${label}</button></p>`
    : null;
}
