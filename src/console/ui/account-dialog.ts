import type { VNode } from 'preact';
import { adminPath } from '../data/api.ts';
import type { Account } from '../data/api-types.ts';
import { readerZone } from '../data/words.ts';
import { html } from '../html.ts';
import { Dialog } from './dialog.ts';
import { Field, Form } from './form.ts';

export function AccountDialog({ onMade, onClose }: { onMade: (account: Account) => void; onClose: () => void }): VNode {
  const toSending = ({ name, timezone }: Record<string, string>) => ({
    method: 'POST',
    path: adminPath('/accounts'),
    body: { name, ...(timezone === '' ? {} : { timezone }) },
  });
  return html`<${Dialog} title="New account" onClose=${onClose}>
    <${Form} submit="Make account" toSending=${toSending} onDone=${onMade} onCancel=${onClose}>
      ${(error: (field: string) => string | undefined) => html`
        <${Field} label="Name" name="name" isFirst error=${error('name')} />
        <${Field} label="Time zone" name="timezone" value=${readerZone()} error=${error('timezone')} hint="Its days and months begin at midnight there." />`}
    <//>
  <//>`;
}
