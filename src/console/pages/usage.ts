import type { VNode } from 'preact';
import { adminPath, withQuery } from '../data/api.ts';
import type { Usage as UsageAnswer, UsageRow } from '../data/api-types.ts';
import { useAccountId } from '../data/context.ts';
import { toNano } from '../data/money.ts';
import { useRoute } from '../data/route.ts';
import { type NameOf, useRowNames } from '../data/row-names.ts';
import { readUsageView, type UsageView } from '../data/usage-view.ts';
import { useResource } from '../data/use-resource.ts';
import { formatCount } from '../data/words.ts';
import { html } from '../html.ts';
import { Chart } from '../ui/chart.ts';
import { Money } from '../ui/money.ts';
import { Figure, PageHead, Panel } from '../ui/panel.ts';
import { stackSpend } from '../ui/spend-stacks.ts';
import { Empty, Loaded } from '../ui/states.ts';
import { UsageFilters } from '../ui/usage-filters.ts';
import { UsageTable } from '../ui/usage-table.ts';

const SERIES_AT_MOST = 6;
const GROUPS_AT_MOST = 100;

/** What was used and what it cost, in any time and by whatever it was used by. */
export default function Usage(): VNode {
  const accountId = useAccountId();
  const { query } = useRoute();
  const view = readUsageView(query);
  const path = `/accounts/${accountId}/usage`;
  const shared = { ...view.filter, from: view.from, to: view.to };
  const chart = useResource<UsageAnswer>(
    adminPath(path, { ...shared, bucket: view.bucket, group_by: view.groupBy, top: SERIES_AT_MOST }),
  );
  const table = useResource<UsageAnswer>(
    adminPath(path, { ...shared, bucket: 'month', group_by: view.groupBy, top: GROUPS_AT_MOST }),
  );
  const csv = withQuery(adminPath(path), { ...shared, bucket: view.bucket, group_by: view.groupBy, format: 'csv' });
  return html`
    <${PageHead} title="Usage" actions=${html`<a class="button" href=${csv} download>As CSV</a>`} />
    <${UsageFilters} view=${view} />
    <${Panel} title="Cost" wide>
      <${Loaded} of=${chart} lines=${6}>${(data: UsageAnswer) => html`<${Cost} usage=${data} view=${view} />`}<//>
    <//>
    <${Panel} title=${TITLES[view.groupBy]} note="Tokens by class of price; written to the cache, read from it, and what that has saved. What was given back is not taken off the cost." wide>
      <${Loaded} of=${table} lines=${6}>${(data: UsageAnswer) => html`<${UsageTable} usage=${data} groupBy=${view.groupBy} />`}<//>
    <//>`;
}

const TITLES = { model: 'By model', team: 'By team', member: 'By member', key: 'By key' } as const;

function Cost({ usage, view }: { usage: UsageAnswer; view: UsageView }): VNode {
  const nameOf: NameOf = useRowNames(usage.data, view.groupBy);
  const { total } = usage;
  if (usage.data.length === 0)
    return html`<${Empty} title="Nothing was used in this time"><p>Take a longer time, or fewer filters.</p><//>`;
  const { series, stacks } = stackSpend(usage, (row: UsageRow) => nameOf(row));
  return html`
    <dl class="figures">
      <${Figure} label="Cost"><${Money} usd=${total.cost_usd} /><//>
      ${toNano(total.refunded_usd) === 0n ? null : html`<${Figure} label="Given back"><${Money} usd=${total.refunded_usd} /><//>`}
      <${Figure} label="Saved by the cache"><${Money} usd=${total.cache_savings_usd} /><//>
      <${Figure} label="Calls">${formatCount(total.requests)}<//>
      <${Figure} label="Tokens in">${formatCount(total.input_tokens + total.cache_read_tokens + total.cache_write_5m_tokens + total.cache_write_1h_tokens)}<//>
      <${Figure} label="Tokens out">${formatCount(total.output_tokens)}<//>
    </dl>
    <${Chart} title="Cost by time and ${view.groupBy}" stacks=${stacks} series=${series} />`;
}
