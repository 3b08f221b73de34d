import type { VNode } from 'preact';
import { useAccountId } from '../data/context.ts';
import { useNames } from '../data/names.ts';
import { changeQuery, useRoute } from '../data/route.ts';
import { FILTERS, type FilterName, GROUPS, PERIODS, type UsageView } from '../data/usage-view.ts';
import { html } from '../html.ts';
import { Field } from './form.ts';

const KINDS = { team_id: 'team', member_id: 'member', key_id: 'key' } as const;
const LABELS = { model: 'Model', team_id: 'Team', member_id: 'Member', key_id: 'Key' } as const;

/** What is looked at; all of it is kept in the address. */
export function UsageFilters({ view }: { view: UsageView }): VNode {
  const { query } = useRoute();
  const onChange =
    (name: string) =>
    (event: Event): void =>
      changeQuery({ [name]: (event.target as HTMLInputElement).value });
  const own = view.period === 'own';
  return html`<div class="filters" role="group" aria-label="What is shown">
    <${Field} label="Time" name="period" options=${PERIODS} value=${view.period} onInput=${onChange('period')} />
    ${own ? html`<${Field} label="From" name="from" type="date" value=${query.get('from') ?? ''} onInput=${onChange('from')} />` : null}
    ${own ? html`<${Field} label="To" name="to" type="date" value=${query.get('to') ?? ''} onInput=${onChange('to')} />` : null}
    <${Field} label="By" name="by" options=${GROUPS} value=${view.groupBy} onInput=${onChange('by')} />
    ${FILTERS.filter((name) => view.filter[name] !== undefined).map((name) => html`<${FilterChip} name=${name} value=${view.filter[name]} />`)}
  </div>`;
}

function FilterChip({ name, value }: { name: FilterName; value: string }): VNode {
  const accountId = useAccountId();
  const nameOf = useNames(accountId, name === 'model' ? 'key' : KINDS[name], [value]);
  const shown = name === 'model' ? value : nameOf(value);
  return html`<p class="chip">${LABELS[name]}: <strong>${shown}</strong>
    <button type="button" class="close" aria-label="Show all again, not only ${shown}" onClick=${() => changeQuery({ [name]: undefined })}>×</button></p>`;
}
