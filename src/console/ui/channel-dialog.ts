import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { adminPath } from '../data/api.ts';
import { html } from '../html.ts';
import { Copy } from './copy.ts';
import { Dialog } from './dialog.ts';
import { Field, Form, type Sending } from './form.ts';

const TYPES = [
  { value: 'webhook', label: 'Webhook, signed' },
  { value: 'slack', label: 'Slack' },
  { value: 'teams', label: 'Microsoft Teams' },
  { value: 'email', label: 'Email' },
];

interface ChannelDialogProps {
  /** Whose it is; without it the installation's. */
  accountId?: string;
  onDone: () => void;
  onClose: () => void;
}

export function ChannelDialog({ accountId, onDone, onClose }: ChannelDialogProps): VNode {
  const [type, setType] = useState('webhook');
  const [secret, setSecret] = useState<string>();
  const toSending = ({ name, url, to = '', is_default }: Record<string, string>): Sending => ({
    method: 'POST',
    path: adminPath('/alert-channels'),
    body: {
      ...(accountId === undefined ? {} : { account_id: accountId }),
      ...{ name, type, default: is_default === 'yes' },
      ...(type === 'email'
        ? {
            to: to
              .split(',')
              .map((each) => each.trim())
              .filter(Boolean),
          }
        : { url: url?.trim() }),
    },
  });
  const onMade = ({ secret: made }: { secret: string | null }): void => (made === null ? onDone() : setSecret(made));
  if (secret !== undefined) {
    return html`<${Dialog} title="The secret of the webhook" onClose=${onDone} isFirm>
      <p class="notice">It signs what is sent, and is shown this once. Give it to the receiver now.</p>
      <${Copy} text=${secret} label="the secret" />
      <div class="form-buttons"><button type="button" class="button button-main" onClick=${onDone}>I have it</button></div>
    <//>`;
  }
  return html`<${Dialog} title=${accountId === undefined ? 'New channel of the installation' : 'New channel'} onClose=${onClose}>
    <${Form} submit="Make channel" toSending=${toSending} onDone=${onMade} onCancel=${onClose}>
      ${(error: (field: string) => string | undefined) => html`
        <${Field} label="Name" name="name" isFirst error=${error('name')} />
        <${Field} label="Type" name="type" options=${TYPES} value=${type} error=${error('type')} onInput=${(event: Event) => setType((event.target as HTMLSelectElement).value)} />
        ${
          type === 'email'
            ? html`<${Field} key="to" label="To" name="to" error=${error('to')} hint="Addresses with commas between" />`
            : html`<${Field} key="url" label="Address" name="url" type="url" error=${error('url')} hint=${accountId === undefined ? 'It is kept as a secret.' : 'https to a public address. It is kept as a secret.'} />`
        }
        <${Field} label="Takes what names no channel" name="is_default" options=${[{ value: 'yes', label: 'Yes' }, { value: 'no', label: 'No' }]} error=${error('default')} />`}
    <//>
  <//>`;
}
