import type { VNode } from 'preact';
import type { AlertChannel, AlertDelivery } from '../data/alert-types.ts';
import { ApiProblem, adminPath, send } from '../data/api.ts';
import { usePages } from '../data/use-pages.ts';
import { html } from '../html.ts';
import { announce } from './announce.ts';
import { More } from './more.ts';
import { Panel } from './panel.ts';
import { Empty } from './states.ts';
import { type Column, Table } from './table.ts';
import { Time } from './time.ts';

const RESULTS: Readonly<Record<string, string>> = { delivered: 'tag-good', failed: 'tag-warn', abandoned: 'tag-bad' };

interface DeliveryPanelProps {
  title: string;
  note: string;
  /** Without it all that was told, of every account and of none. */
  accountId?: string;
  channels: readonly AlertChannel[];
  mayWrite: boolean;
}

/** What was told, where, and what came of it; told again by hand. */
export function DeliveryPanel({ title, note, accountId, channels, mayWrite }: DeliveryPanelProps): VNode {
  const pages = usePages<AlertDelivery>(adminPath('/alert-deliveries', { account_id: accountId, limit: 25 }));
  const replay = async ({ id }: AlertDelivery): Promise<void> => {
    try {
      const { result, problem } = await send<AlertDelivery>(adminPath(`/alert-deliveries/${id}/replay`), {
        method: 'POST',
        body: {},
      });
      announce(result === 'delivered' ? 'It was told again' : `It could not be told: ${problem ?? result}`);
      pages.reload();
    } catch (error) {
      announce(error instanceof ApiProblem ? error.message : 'It could not be told again');
    }
  };
  const nameOf = (id: string): string => channels.find((channel) => channel.id === id)?.name ?? id;
  const columns: Column<AlertDelivery>[] = [
    { id: 'at', label: 'When', cell: ({ started_at: at }) => html`<${Time} at=${at} />` },
    { id: 'what', label: 'What', cell: ({ type }) => type },
    {
      id: 'where',
      label: 'To',
      cell: ({ channel_id: id, channel_type: type }) => html`${nameOf(id)}<span class="cell-sub">${type ?? ''}</span>`,
    },
    {
      id: 'result',
      label: 'Result',
      cell: ({ result, status, problem, attempt }) =>
        html`<span class=${`tag ${RESULTS[result] ?? ''}`}>${result}</span> <span class="note">${[status, problem, attempt > 1 ? `attempt ${attempt}` : ''].filter(Boolean).join(', ')}</span>`,
    },
  ];
  if (mayWrite) {
    columns.push({
      id: 'act',
      label: 'Actions',
      isUnseen: true,
      cell: (delivery) =>
        html`<span class="cell-buttons"><button type="button" class="button button-small" aria-label="Tell ${delivery.type} again" onClick=${() => void replay(delivery)}>Tell again</button></span>`,
    });
  }
  const isEmpty = pages.items.length === 0 && !pages.isLoading && pages.problem === undefined;
  return html`<${Panel} title=${title} note=${note} wide>
    ${isEmpty ? html`<${Empty} title="Nothing was told yet" />` : null}
    ${pages.items.length === 0 ? null : html`<${Table} caption=${title} columns=${columns} rows=${pages.items} rowId=${({ id }: AlertDelivery) => id} />`}
    <${More} of=${pages} label="Show older ones" />
  <//>`;
}
