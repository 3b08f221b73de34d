import type { VNode } from 'preact';
import { adminPath, withQuery } from '../data/api.ts';
import type { Usage, UsageRow } from '../data/api-types.ts';
import { useAccountId } from '../data/context.ts';
import { toLength, toNano, toUsd } from '../data/money.ts';
import { useNames } from '../data/names.ts';
import { useResource } from '../data/use-resource.ts';
import { formatCalls } from '../data/words.ts';
import { html } from '../html.ts';
import { Bar } from './bar.ts';
import { Money } from './money.ts';
import { Panel } from './panel.ts';
import { Empty, Loaded } from './states.ts';

type Kind = 'team' | 'key';

interface TopListProps {
  title: string;
  kind: Kind;
  from: string;
  top: number;
  freshness: unknown;
}

interface Spender {
  id: string | null;
  usd: string;
  requests: number;
}

/** What the server counts together. */
const OTHER = 'other';
const NOBODY = { team: 'no team', key: 'no key' } as const;

/** Who has spent the most. */
export function TopList({ title, kind, from, top, freshness }: TopListProps): VNode {
  const accountId = useAccountId();
  const path = adminPath(`/accounts/${accountId}/usage`, { bucket: 'month', group_by: kind, top, from });
  const usage = useResource<Usage>(path, { freshness });
  return html`<${Panel} title=${title} note="Same time as above">
    <${Loaded} of=${usage} lines=${top}>${({ data }: Usage) => html`<${Spenders} kind=${kind} rows=${data} />`}<//>
  <//>`;
}

function Spenders({ kind, rows }: { kind: Kind; rows: readonly UsageRow[] }): VNode {
  const accountId = useAccountId();
  const spenders = sumSpenders(rows, kind).filter(({ usd }) => toNano(usd) > 0n);
  const nameOf = useNames(
    accountId,
    kind,
    spenders.map(({ id }) => id),
  );
  const most = Math.max(...spenders.map(({ id, usd }) => (id === OTHER ? 0 : toLength(usd))), 0);
  if (spenders.length === 0) return html`<${Empty} title="Nobody has spent anything in this time" />`;
  return html`<ol class="top-list">
    ${spenders.map(({ id, usd, requests }) => {
      const name = id === null ? NOBODY[kind] : id === OTHER ? 'all others' : nameOf(id);
      const isLinked = id !== null && id !== OTHER;
      return html`<li>
        <span class="top-name">${isLinked ? html`<a data-page href=${withQuery('/usage', { [`${kind}_id`]: id, account: accountId })}>${name}</a>` : name}</span>
        <span class="note">${formatCalls(requests)}</span>
        <${Money} usd=${usd} />
        <${Bar} share=${most === 0 ? 0 : toLength(usd) / most} label=${`${name}, of the dearest`} />
      </li>`;
    })}
  </ol>`;
}

/** A time that begins in the middle of a month has two months. */
function sumSpenders(rows: readonly UsageRow[], kind: Kind): Spender[] {
  const sums = new Map<string | null, { nano: bigint; requests: number }>();
  for (const row of rows) {
    const id = row[`${kind}_id`] ?? null;
    const { nano, requests } = sums.get(id) ?? { nano: 0n, requests: 0 };
    sums.set(id, { nano: nano + toNano(row.cost_usd), requests: requests + row.requests });
  }
  return [...sums]
    .sort(
      ([one, left], [other, right]) =>
        Number(one === OTHER) - Number(other === OTHER) || (left.nano < right.nano ? 1 : -1),
    )
    .map(([id, { nano, requests }]) => ({ id, usd: toUsd(nano), requests }));
}
