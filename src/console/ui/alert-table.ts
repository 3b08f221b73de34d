import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { Alert, AlertChannel } from '../data/alert-types.ts';
import { describeTerms, nameKind } from '../data/alert-words.ts';
import { adminPath } from '../data/api.ts';
import { html } from '../html.ts';
import { Confirm } from './confirm.ts';
import { type Column, Table } from './table.ts';
import { Time } from './time.ts';

interface AlertTableProps {
  caption: string;
  alerts: readonly Alert[];
  channels: readonly AlertChannel[];
  /** The path of its rules. */
  base: string;
  mayWrite: boolean;
  onChanged: (said: string) => () => void;
}

/** Rules with their state: told and not over, or quiet. */
export function AlertTable({ caption, alerts, channels, base, mayWrite, onChanged }: AlertTableProps): VNode {
  const [asked, setAsked] = useState<{ alert: Alert; act: 'switch' | 'remove' }>();
  const nameOf = (id: string): string => channels.find((channel) => channel.id === id)?.name ?? id;
  const columns: Column<Alert>[] = [
    {
      id: 'kind',
      label: 'Tells that',
      cell: (alert) => html`${alert.name ?? nameKind(alert.kind)}<span class="cell-sub">${describeTerms(alert)}</span>`,
    },
    { id: 'state', label: 'State', cell: (alert) => state(alert) },
    {
      id: 'channels',
      label: 'To',
      cell: (alert) => (alert.channels === null ? 'the default channels' : alert.channels.map(nameOf).join(', ')),
    },
  ];
  if (mayWrite) {
    columns.push({
      id: 'act',
      label: 'Actions',
      isUnseen: true,
      cell: (alert) => html`<span class="cell-buttons">
        <button type="button" class="button button-small" aria-label="${alert.enabled ? 'Turn off' : 'Turn on'}: ${nameKind(alert.kind)}" onClick=${() => setAsked({ alert, act: 'switch' })}>${alert.enabled ? 'Turn off' : 'Turn on'}</button>
        ${alert.built_in ? null : html`<button type="button" class="button button-small" aria-label="Remove: ${nameKind(alert.kind)}" onClick=${() => setAsked({ alert, act: 'remove' })}>Remove</button>`}
      </span>`,
    });
  }
  const close = (): void => setAsked(undefined);
  const done = (said: string) => (): void => {
    close();
    onChanged(said)();
  };
  const path = asked === undefined ? '' : adminPath(`${base}/${asked.alert.id}`);
  return html`
    <${Table} caption=${caption} columns=${columns} rows=${alerts} rowId=${({ id }: Alert) => id} isQuiet=${({ enabled }: Alert) => !enabled} />
    ${
      asked?.act === 'switch'
        ? html`<${Confirm} title=${asked.alert.enabled ? 'Turn the rule off?' : 'Turn the rule on?'} submit=${asked.alert.enabled ? 'Turn it off' : 'Turn it on'} sending=${{ method: 'PATCH', path, body: { enabled: !asked.alert.enabled } }} onDone=${done(asked.alert.enabled ? 'The rule is off' : 'The rule is on')} onClose=${close}><p>${nameKind(asked.alert.kind)}: ${describeTerms(asked.alert)}</p><//>`
        : null
    }
    ${
      asked?.act === 'remove'
        ? html`<${Confirm} title="Remove the rule?" submit="Remove it" sending=${{ method: 'DELETE', path }} onDone=${done('The rule was removed')} onClose=${close}><p>${nameKind(asked.alert.kind)}: ${describeTerms(asked.alert)}</p><//>`
        : null
    }`;
}

function state({ enabled, firing, fired_at: at }: Alert): VNode {
  if (!enabled) return html`<span class="tag">off</span>`;
  if (!firing) return html`<span class="tag tag-good">quiet</span>`;
  return html`<span class="tag tag-bad">told</span>${at === null ? null : html` <span class="note"><${Time} at=${at} as="distance" /></span>`}`;
}
