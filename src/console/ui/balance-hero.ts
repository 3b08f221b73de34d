import type { VNode } from 'preact';
import type { Account, Balance, Runway } from '../data/api-types.ts';
import { useLive } from '../data/live.ts';
import { toNano } from '../data/money.ts';
import type { Resource } from '../data/use-resource.ts';
import { html } from '../html.ts';
import { Money } from './money.ts';
import { Loaded } from './states.ts';
import { Time } from './time.ts';

/** What there is to spend, large; what is held of it now, and how long it lasts. */
export function BalanceHero({ account, runway }: { account: Resource<Account>; runway: Runway | undefined }): VNode {
  const { live } = useLive();
  return html`<section class="hero" aria-label="Balance">
    <${Loaded} of=${account} lines=${3}>${({ balance: read, mode, credit_limit_usd: limit, status }: Account) => {
      const balance = live?.balance ?? read;
      if (balance === null || balance === undefined)
        return html`<p class="failure">The ledger has lost the books of this account. Calls are refused until they are restored.</p>`;
      return html`
        <p class="hero-label">Available${status === 'open' ? '' : ` (account ${status})`}</p>
        <p class="hero-amount" aria-live="polite"><${Money} usd=${balance.available_usd} cut /></p>
        <${RunwayLine} runway=${runway} />
        <${BalanceFigures} balance=${balance} creditLimit=${mode === 'postpaid' ? limit : undefined} open=${live?.open} />`;
    }}<//>
  </section>`;
}

function RunwayLine({ runway }: { runway: Runway | undefined }): VNode {
  if (runway === undefined) return html`<p class="hero-line"> </p>`;
  const { burn, ends_at: endsAt } = runway;
  if (toNano(burn.per_day_usd) === 0n)
    return html`<p class="hero-line">Nothing was spent lately, so there is no end in sight.</p>`;
  if (endsAt === null)
    return html`<p class="hero-line">At <${Money} usd=${burn.per_day_usd} /> a day it lasts for more than ten years.</p>`;
  return html`<p class="hero-line">At <${Money} usd=${burn.per_day_usd} /> a day it ends <strong><${Time} at=${endsAt} as="distance" /></strong>, on <strong><${Time} at=${endsAt} as="date" /></strong>.</p>`;
}

interface FiguresProps {
  balance: Balance;
  creditLimit: string | undefined;
  open: number | undefined;
}

function BalanceFigures({ balance, creditLimit, open }: FiguresProps): VNode {
  const figures: [label: string, usd: string][] = [['Held by calls in flight', balance.held_usd]];
  if (toNano(balance.pending_usd) > 0n) figures.push(['Not yet in effect', balance.pending_usd]);
  if (toNano(balance.debt_usd) > 0n) figures.push(['Owed', balance.debt_usd]);
  if (creditLimit !== undefined) figures.push(['Credit limit', creditLimit]);
  figures.push(['Charged in all', balance.charged_usd]);
  return html`<dl class="hero-figures">
    ${figures.map(([label, usd], index) => html`<div><dt>${label}</dt><dd><${Money} usd=${usd} />${index === 0 && open !== undefined ? html` <span class="note">${open} open</span>` : null}</dd></div>`)}
  </dl>`;
}
