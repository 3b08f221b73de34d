import type { VNode } from 'preact';
import { formatExact, formatMoney } from '../data/money.ts';
import { html } from '../html.ts';

interface MoneyProps {
  usd: string;
  /** Places shown at most; two unless given. */
  places?: number;
  /** What is left to spend is cut off, not rounded. */
  cut?: boolean;
}

/** An amount as people read it; every place of it on pointing at it. */
export function Money({ usd, places = 2, cut = false }: MoneyProps): VNode {
  const shown = formatMoney(usd, { places, cut });
  return html`<data class="money" value=${usd} title=${formatExact(usd)}>${shown}</data>`;
}
