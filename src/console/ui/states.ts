import type { VNode } from 'preact';
import type { Resource } from '../data/use-resource.ts';
import { type Content, html } from '../html.ts';

/** Stands where figures will be, in their place and size. */
export function Loading({ lines = 3, label = 'Loading' }: { lines?: number; label?: string }): VNode {
  return html`<div class="skeleton" role="status">
    <span class="unseen">${label} …</span>
    ${Array.from({ length: lines }, () => html`<span class="skeleton-line" aria-hidden="true"></span>`)}
  </div>`;
}

/** Nothing here yet, why, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: Content }): VNode {
  return html`<div class="empty"><p class="empty-title">${title}</p>${children}</div>`;
}

export function Failure({ message, onRetry }: { message: string; onRetry?: () => void }): VNode {
  return html`<div class="failure" role="alert">
    <p>${message}</p>
    ${onRetry === undefined ? null : html`<button type="button" class="button" onClick=${onRetry}>Try again</button>`}
  </div>`;
}

interface LoadedProps<Data> {
  of: Resource<Data>;
  lines?: number;
  children: (data: Data) => Content;
}

/** What was asked for, once it is there; until then, or instead, how that stands. */
export function Loaded<Data>({ of, lines = 3, children }: LoadedProps<Data>): VNode {
  if (of.data !== undefined) {
    const stale =
      of.problem === undefined ? null : html`<p class="stale" role="status">Not up to date: ${of.problem.message}</p>`;
    return html`${stale}${children(of.data)}`;
  }
  if (of.problem !== undefined) return html`<${Failure} message=${of.problem.message} onRetry=${of.reload} />`;
  return html`<${Loading} lines=${lines} />`;
}
