import type { VNode } from 'preact';
import { useId } from 'preact/hooks';
import { type Content, html, names } from '../html.ts';

interface PanelProps {
  title: string;
  /** Beside the title: what can be done here. */
  actions?: Content;
  /** Under the title, small. */
  note?: Content;
  wide?: boolean;
  children?: Content;
}

/** One matter of a page, under a heading of its own. */
export function Panel({ title, actions, note, wide = false, children }: PanelProps): VNode {
  const id = useId();
  return html`<section class=${names('panel', wide && 'panel-wide')} aria-labelledby=${id}>
    <header class="panel-head">
      <div><h2 id=${id}>${title}</h2>${note ? html`<p class="note">${note}</p>` : null}</div>
      ${actions ? html`<div class="actions">${actions}</div>` : null}
    </header>
    ${children}
  </section>`;
}

interface FigureProps {
  label: string;
  children?: Content;
  note?: Content;
}

/** One number and what it is. */
export function Figure({ label, children, note }: FigureProps): VNode {
  return html`<div class="figure">
    <dt>${label}</dt>
    <dd><span class="figure-value">${children}</span>${note ? html`<span class="note">${note}</span>` : null}</dd>
  </div>`;
}

/** The heading of a page, with what can be done on it. */
export function PageHead({
  title,
  children,
  actions,
}: {
  title: string;
  children?: Content;
  actions?: Content;
}): VNode {
  return html`<header class="page-head">
    <div><h1 tabindex="-1">${title}</h1>${children}</div>
    ${actions ? html`<div class="actions">${actions}</div>` : null}
  </header>`;
}
