import type { VNode } from 'preact';
import { html } from '../html.ts';
import { PageHead } from '../ui/panel.ts';

export default function Page(): VNode {
  return html`<${PageHead} title="usage" />`;
}
