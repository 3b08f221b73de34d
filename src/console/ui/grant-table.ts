import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { adminPath } from '../data/api.ts';
import type { Grant } from '../data/api-types.ts';
import { useAccountId } from '../data/context.ts';
import { formatMoney, toLength, toNano } from '../data/money.ts';
import { html } from '../html.ts';
import { announce } from './announce.ts';
import { Bar } from './bar.ts';
import { Confirm } from './confirm.ts';
import { Money } from './money.ts';
import { type Column, Table } from './table.ts';
import { Time } from './time.ts';

interface GrantTableProps {
  grants: readonly Grant[];
  mayVoid: boolean;
  onChanged: () => void;
}

const STATUS_TAGS = { active: 'tag-good', pending: 'tag-warn', spent: '', expired: '', voided: '' } as const;

/** Grants as the server lists them: in burn order, what is over among them. */
export function GrantTable({ grants, mayVoid, onChanged }: GrantTableProps): VNode {
  const accountId = useAccountId();
  const [voiding, setVoiding] = useState<Grant>();
  const isOver = ({ status }: Grant): boolean => !['active', 'pending'].includes(status);
  const sorted = [...grants.filter((grant) => !isOver(grant)), ...grants.filter(isOver)];
  const columns = listColumns(sorted.filter((grant) => grant.status === 'active'));
  if (mayVoid)
    columns.push({ id: 'act', label: 'Actions', isUnseen: true, cell: (grant) => voidButton(grant, setVoiding) });
  return html`
    <${Table} caption="Grants in burn order" columns=${columns} rows=${sorted} rowId=${({ id }: Grant) => id} isQuiet=${isOver} />
    ${
      voiding === undefined
        ? null
        : html`<${Confirm} title="Take this credit back?" submit="Take it back" onClose=${() => setVoiding(undefined)}
            sending=${{ method: 'POST', path: adminPath(`/accounts/${accountId}/grants/${voiding.id}/void`), body: {} }}
            onDone=${() => {
              setVoiding(undefined);
              onChanged();
              announce('The credit was taken back');
            }}>
            <p><${Money} usd=${voiding.remaining_usd} /> of <${Money} usd=${voiding.amount_usd} /> is left and will be gone. What was spent stays spent.</p>
          <//>`
    }`;
}

function voidButton(grant: Grant, onVoid: (grant: Grant) => void): VNode | null {
  if (!['active', 'pending'].includes(grant.status) || toNano(grant.remaining_usd) === 0n) return null;
  return html`<span class="cell-buttons"><button type="button" class="button button-small" aria-label="Take back the grant of ${formatMoney(grant.amount_usd)}" onClick=${() => onVoid(grant)}>Take back</button></span>`;
}

function listColumns(active: readonly Grant[]): Column<Grant>[] {
  return [
    {
      id: 'order',
      label: 'Order',
      cell: (grant) => {
        const place = active.indexOf(grant);
        return place < 0
          ? html`<span class=${`tag ${STATUS_TAGS[grant.status]}`}>${grant.status}</span>`
          : place === 0
            ? html`<span class="tag tag-good">1, now</span>`
            : `${place + 1}`;
      },
    },
    {
      id: 'kind',
      label: 'Credit',
      cell: ({ kind, models, priority, id }) =>
        html`${kind === 'paid' ? 'Paid' : 'Promotional'}<span class="cell-sub" title=${id}>priority ${priority}${models === null ? '' : `, only ${models.join(', ')}`}</span>`,
    },
    {
      id: 'amount',
      label: 'Granted',
      isFigure: true,
      sortBy: ({ amount_usd }) => toNano(amount_usd),
      cell: ({ amount_usd }) => html`<${Money} usd=${amount_usd} />`,
    },
    {
      id: 'left',
      label: 'Left',
      isFigure: true,
      sortBy: ({ remaining_usd }) => toNano(remaining_usd),
      cell: ({ remaining_usd: left, held_usd: held, amount_usd: amount }) => html`
        <${Money} usd=${left} cut />
        <${Bar} share=${shareOf(left, amount)} held=${shareOf(held, amount)} label="Left of the grant" />`,
    },
    { id: 'held', label: 'Held', isFigure: true, cell: ({ held_usd }) => html`<${Money} usd=${held_usd} />` },
    {
      id: 'ends',
      label: 'Ends',
      sortBy: ({ expires_at }) => Date.parse(expires_at),
      cell: ({ expires_at: at, status, effective_at: from }) =>
        html`<${Time} at=${at} as="date" /><span class="cell-sub">${
          status === 'pending'
            ? html`begins <${Time} at=${from} as="distance" />`
            : html`<${Time} at=${at} as="distance" />`
        }</span>`,
    },
  ];
}

function shareOf(part: string, whole: string): number {
  const all = toLength(whole);
  return all === 0 ? 0 : toLength(part) / all;
}
