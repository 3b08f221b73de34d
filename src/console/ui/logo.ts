import type { VNode } from 'preact';
import { html } from '../html.ts';

export function Logo(): VNode {
  return html`<span class="logo">
    <svg viewBox="0 0 32 32" aria-hidden="true"><path d="M6 25V9m20 16V9M6 12h20" /><circle cx="16" cy="20" r="3" /></svg>
    <span>Tollgate</span>
  </span>`;
}
