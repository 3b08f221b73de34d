import type { VNode } from 'preact';
import { adminPath } from '../data/api.ts';
import type { Account, Runway, Usage } from '../data/api-types.ts';
import { useAccountId, useMay } from '../data/context.ts';
import { useLive } from '../data/live.ts';
import { toNano } from '../data/money.ts';
import { useResource } from '../data/use-resource.ts';
import { formatCalls, formatCount } from '../data/words.ts';
import { html } from '../html.ts';
import { BalanceHero } from '../ui/balance-hero.ts';
import { Chart } from '../ui/chart.ts';
import { Money } from '../ui/money.ts';
import { Figure, PageHead, Panel } from '../ui/panel.ts';
import { stackSpend } from '../ui/spend-stacks.ts';
import { Empty, Loaded } from '../ui/states.ts';
import { TopList } from '../ui/top-list.ts';
import { Wrongs } from '../ui/wrongs.ts';

const DAY_MS = 86_400_000;
const DAYS_SHOWN = 30;
const FORECAST_DAYS = 7;
const SERIES_AT_MOST = 6;
const TOP = 5;

/** How much is left, where it goes, and what is wrong now. */
export default function Overview(): VNode {
  const accountId = useAccountId();
  const maySeeMoney = useMay('money.read');
  const { live } = useLive();
  const freshness = live?.sequence ?? undefined;
  const from = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - (DAYS_SHOWN - 1) * DAY_MS).toISOString();
  const account = useResource<Account>(adminPath(`/accounts/${accountId}`));
  const runway = useResource<Runway>(maySeeMoney ? adminPath(`/accounts/${accountId}/runway`) : undefined, {
    freshness,
  });
  const usagePath = adminPath(`/accounts/${accountId}/usage`, {
    bucket: 'day',
    group_by: 'model',
    top: SERIES_AT_MOST,
    from,
  });
  const usage = useResource<Usage>(usagePath, { freshness });
  return html`
    <${PageHead} title=${account.data?.name ?? 'Overview'} />
    <div class="hero-row">
      ${maySeeMoney ? html`<${BalanceHero} account=${account} runway=${runway.data} />` : html`<${SpendHero} usage=${usage} />`}
      <${Wrongs} account=${account.data} runway=${runway.data} />
    </div>
    <${SpendPanel} usage=${usage} runway=${runway.data} />
    <div class="two">
      <${TopList} title="Top teams" kind="team" from=${from} top=${TOP} freshness=${freshness} />
      <${TopList} title="Top keys" kind="key" from=${from} top=${TOP} freshness=${freshness} />
    </div>`;
}

type UsageResource = ReturnType<typeof useResource<Usage>>;

/** For those who see usage and not the account's money. */
function SpendHero({ usage }: { usage: UsageResource }): VNode {
  return html`<section class="hero" aria-label="Spent">
    <${Loaded} of=${usage} lines=${2}>${({ total }: Usage) => html`
      <p class="hero-label">Spent in the last ${DAYS_SHOWN} days</p>
      <p class="hero-amount"><${Money} usd=${total.cost_usd} /></p>
      <p class="hero-line">${formatCalls(total.requests)}</p>`}<//>
  </section>`;
}

function SpendPanel({ usage, runway }: { usage: UsageResource; runway: Runway | undefined }): VNode {
  return html`<${Panel} title="Spend per day" note=${`Last ${DAYS_SHOWN} days by model${runway === undefined ? '' : '; what is to come at the burn of the last days'}`} wide>
    <${Loaded} of=${usage} lines=${6}>${(data: Usage) => {
      if (data.total.requests === 0 && toNano(data.total.cost_usd) === 0n) return html`<${NoUse} />`;
      const forecast = runway === undefined ? undefined : { days: FORECAST_DAYS, perDayUsd: runway.burn.per_day_usd };
      const { series, stacks } = stackSpend(data, ({ model }) => model ?? 'unknown', forecast);
      return html`
        <dl class="figures">
          <${Figure} label="Spent in ${DAYS_SHOWN} days"><${Money} usd=${data.total.cost_usd} /><//>
          <${Figure} label="Calls">${formatCount(data.total.requests)}<//>
          ${runway === undefined ? null : html`<${Figure} label="This month" note=${html`<${Money} usd=${runway.month_forecast_usd} /> at its end, if it goes on so`}><${Money} usd=${runway.month_spent_usd} /><//>`}
          <${Figure} label="Saved by the cache"><${Money} usd=${data.total.cache_savings_usd} /><//>
          ${runway === undefined ? null : html`<${Figure} label="Burn per day" note=${`average of ${runway.burn.days} days`}><${Money} usd=${runway.burn.per_day_usd} /><//>`}
        </dl>
        <${Chart} title="Spend per day by model" stacks=${stacks} series=${series} />`;
    }}<//>
  <//>`;
}

function NoUse(): VNode {
  return html`<${Empty} title="No call has been charged in this time">
    <p>Make a key under <a href="/teams" data-page>Teams and keys</a> and point a client at Tollgate: what it spends shows here at once.</p>
  <//>`;
}
