import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { AlertChannel, AlertDelivery } from '../data/alert-types.ts';
import { ApiProblem, adminPath, send } from '../data/api.ts';
import { html } from '../html.ts';
import { announce } from './announce.ts';
import { Confirm } from './confirm.ts';
import { type Column, Table } from './table.ts';

interface ChannelTableProps {
  caption: string;
  channels: readonly AlertChannel[];
  mayWrite: boolean;
  onChanged: (said: string) => () => void;
}

export function ChannelTable({ caption, channels, mayWrite, onChanged }: ChannelTableProps): VNode {
  const [removing, setRemoving] = useState<AlertChannel>();
  const test = async ({ id, name }: AlertChannel): Promise<void> => {
    announce(`A test is sent to ${name} …`);
    try {
      const { result, problem } = await send<AlertDelivery>(adminPath(`/alert-channels/${id}/test`), {
        method: 'POST',
        body: {},
      });
      onChanged(
        result === 'delivered' ? `The test reached ${name}` : `The test did not reach ${name}: ${problem ?? result}`,
      )();
    } catch (error) {
      announce(error instanceof ApiProblem ? error.message : 'The test could not be sent');
    }
  };
  const columns: Column<AlertChannel>[] = [
    { id: 'name', label: 'Name', cell: ({ name, type }) => html`${name}<span class="cell-sub">${type}</span>` },
    { id: 'target', label: 'Where', cell: ({ target }) => html`<span class="mono">${target}</span>` },
    {
      id: 'state',
      label: 'State',
      cell: ({ enabled, default: isDefault }) =>
        html`${enabled ? html`<span class="tag tag-good">on</span>` : html`<span class="tag">off</span>`}${isDefault ? html` <span class="tag">default</span>` : null}`,
    },
  ];
  if (mayWrite) {
    columns.push({
      id: 'act',
      label: 'Actions',
      isUnseen: true,
      cell: (channel) => html`<span class="cell-buttons">
        <button type="button" class="button button-small" aria-label="Send a test to ${channel.name}" onClick=${() => void test(channel)}>Test</button>
        ${channel.built_in ? null : html`<button type="button" class="button button-small" aria-label="Remove the channel ${channel.name}" onClick=${() => setRemoving(channel)}>Remove</button>`}
      </span>`,
    });
  }
  return html`
    <${Table} caption=${caption} columns=${columns} rows=${channels} rowId=${({ id }: AlertChannel) => id} isQuiet=${({ enabled }: AlertChannel) => !enabled} />
    ${
      removing === undefined
        ? null
        : html`<${Confirm} title="Remove ${removing.name}?" submit="Remove it" sending=${{ method: 'DELETE', path: adminPath(`/alert-channels/${removing.id}`) }} onClose=${() => setRemoving(undefined)}
            onDone=${() => {
              setRemoving(undefined);
              onChanged('The channel was removed')();
            }}><p>Nothing is told there any more.</p><//>`
    }`;
}
