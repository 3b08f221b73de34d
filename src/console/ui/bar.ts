import type { VNode } from 'preact';
import { formatPercent } from '../data/words.ts';
import { html, names } from '../html.ts';

interface BarProps {
  /** Zero to one. */
  share: number;
  /** On top of it, taken for now. */
  held?: number;
  label: string;
  /** Coloured as it fills up. */
  isLimit?: boolean;
}

const WIDTH = 100;

/** How full something is. */
export function Bar({ share, held = 0, label, isLimit = false }: BarProps): VNode {
  const used = Math.max(0, Math.min(1, share)) * WIDTH;
  const taken = Math.max(0, Math.min(WIDTH - used, held * WIDTH));
  const all = share + held;
  const state = !isLimit ? '' : all >= 1 ? 'bar-full' : all >= 0.8 ? 'bar-near' : '';
  return html`<svg class=${names('bar', state)} viewBox="0 0 ${WIDTH} 6" preserveAspectRatio="none" role="img" aria-label="${label}: ${formatPercent(all)}">
    <rect class="bar-ground" width=${WIDTH} height="6" />
    <rect class="bar-used" width=${used} height="6" />
    <rect class="bar-held" x=${used} width=${taken} height="6" />
  </svg>`;
}
