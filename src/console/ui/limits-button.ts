import type { VNode } from 'preact';
import { useTree } from '../data/tree.ts';
import { html } from '../html.ts';

export function LimitsButton({
  type,
  id,
  name,
}: {
  type: 'account' | 'team' | 'member' | 'key';
  id: string;
  name: string;
}): VNode {
  const tree = useTree();
  const own = tree.quotas.filter(({ scope }) => scope.id === id).length;
  return html`<button type="button" class="button button-small" aria-label="Limits of ${name}" onClick=${() => tree.act({ kind: 'limits', scope: { type, id }, name })}>Limits${own > 0 ? ` (${own})` : ''}</button>`;
}
