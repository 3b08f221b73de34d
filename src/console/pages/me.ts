import type { VNode } from 'preact';
import { withQuery } from '../data/api.ts';
import type { JournalEntry, Me, Quota, Usage } from '../data/api-types.ts';
import { useDesk } from '../data/context.ts';
import { useLive, useNow } from '../data/live.ts';
import { usePages } from '../data/use-pages.ts';
import { useResource } from '../data/use-resource.ts';
import { formatCount } from '../data/words.ts';
import { html } from '../html.ts';
import { CallTable } from '../ui/call-table.ts';
import { Chart } from '../ui/chart.ts';
import { ClientSettings } from '../ui/client-settings.ts';
import { EntryTable } from '../ui/entry-table.ts';
import { Money } from '../ui/money.ts';
import { More } from '../ui/more.ts';
import { Figure, PageHead, Panel } from '../ui/panel.ts';
import { QuotaList } from '../ui/quota-list.ts';
import { stackSpend } from '../ui/spend-stacks.ts';
import { Empty, Loaded } from '../ui/states.ts';
import { UsageTable } from '../ui/usage-table.ts';

const DAY_MS = 86_400_000;
const DAYS_SHOWN = 30;

/** What one API key has used, what it may still use, and its calls. */
export default function MyUsage(): VNode {
  const { session } = useDesk();
  const { live } = useLive();
  const freshness = live?.sequence ?? undefined;
  const me = useResource<Me>('/console/me', { freshness });
  const from = new Date((Math.floor(Date.now() / DAY_MS) - DAYS_SHOWN + 1) * DAY_MS).toISOString();
  const usage = useResource<Usage>(withQuery('/console/me/usage', { bucket: 'day', group_by: 'model', from }), {
    freshness,
  });
  return html`
    <${PageHead} title="My usage"><p class="note">${me.data === undefined ? ' ' : whose(me.data)}</p><//>
    <div class="hero-row"><${Spend} me=${me} /><${Limits} me=${me} /></div>
    <${MyCalls} />
    <${Panel} title="Cost per day" note="Of this key, the last ${DAYS_SHOWN} days" wide>
      <${Loaded} of=${usage} lines=${6}>${(data: Usage) => html`<${MyCost} usage=${data} />`}<//>
    <//>
    <${RecentCalls} />
    <${Panel} title="Client settings" note="Put your own key in place of tg_…" wide><${ClientSettings} publicUrl=${session.public_url} secret="tg_…" /><//>`;
}

function whose({ key, account, team, member }: Me): string {
  const parts = [`Key ${key.name} (${key.hint}…)`, member?.name, team && `team ${team.name}`, account.name];
  return parts.filter(Boolean).join(' · ');
}

type MeResource = { me: ReturnType<typeof useResource<Me>> };

function Spend({ me }: MeResource): VNode {
  const { live } = useLive();
  return html`<section class="hero" aria-label="Spent by this key">
    <${Loaded} of=${me} lines=${3}>${({ spend, balance, account }: Me) => html`
      <p class="hero-label">Spent this month</p>
      <p class="hero-amount" aria-live="polite"><${Money} usd=${spend.month_usd} /></p>
      <dl class="hero-figures">
        <div><dt>Today</dt><dd><${Money} usd=${spend.today_usd} /></dd></div>
        <div><dt>Left in ${account.name}</dt><dd><${Money} usd=${(live?.balance ?? balance).available_usd} cut /></dd></div>
        <div><dt>Held by your calls</dt><dd><${Money} usd=${live?.held_usd ?? '0.00'} /></dd></div>
      </dl>
      ${account.status === 'open' ? null : html`<p class="warning">The account is ${account.status}: calls are refused.</p>`}`}<//>
  </section>`;
}

function Limits({ me }: MeResource): VNode {
  return html`<${Panel} title="Your limits">
    <${Loaded} of=${me} lines=${3}>${({ quotas }: Me) => (quotas.length === 0 ? html`<p>None but the credit of the account.</p>` : html`<${QuotaList} quotas=${quotas as Quota[]} />`)}<//>
  <//>`;
}

function MyCalls(): VNode | null {
  const { live } = useLive();
  const nowMs = useNow();
  if (live === undefined || live.data.length === 0) return null;
  return html`<${Panel} title="In flight" wide><${CallTable} calls=${live.data} open=${live.open} accountId=${live.account_id} nowMs=${nowMs} withoutKey /><//>`;
}

function MyCost({ usage }: { usage: Usage }): VNode {
  if (usage.data.length === 0)
    return html`<${Empty} title="This key has not been used yet"><p>Point a client at Tollgate with the settings below.</p><//>`;
  const { series, stacks } = stackSpend(usage, ({ model }) => model ?? 'unknown');
  return html`
    <dl class="figures">
      <${Figure} label="Cost"><${Money} usd=${usage.total.cost_usd} /><//>
      <${Figure} label="Calls">${formatCount(usage.total.requests)}<//>
      <${Figure} label="Saved by the cache"><${Money} usd=${usage.total.cache_savings_usd} /><//>
    </dl>
    <${Chart} title="Cost per day by model" stacks=${stacks} series=${series} />
    <${UsageTable} usage=${usage} groupBy="model" isPlain />`;
}

function RecentCalls(): VNode {
  const pages = usePages<JournalEntry>(withQuery('/console/me/calls', { limit: 25 }));
  return html`<${Panel} title="Recent calls" note="The newest first. Open one for its receipt." wide>
    ${pages.items.length > 0 ? html`<${EntryTable} entries=${pages.items} withoutKey />` : pages.isLoading ? null : html`<${Empty} title="No call yet" />`}
    <${More} of=${pages} label="Show older ones" />
  <//>`;
}
