import type { VNode } from 'preact';
import { adminPath } from '../data/api.ts';
import { useAccountId } from '../data/context.ts';
import { html } from '../html.ts';
import { Dialog } from './dialog.ts';
import { Field, Form, type Sending } from './form.ts';

const KINDS = [
  { value: 'paid', label: 'Paid' },
  { value: 'promotional', label: 'Promotional' },
];

export function GrantDialog({ onDone, onClose }: { onDone: () => void; onClose: () => void }): VNode {
  const accountId = useAccountId();
  const toSending = (values: Record<string, string>): Sending => ({
    method: 'POST',
    path: adminPath(`/accounts/${accountId}/grants`),
    body: toBody(values),
  });
  return html`<${Dialog} title="Add credit" onClose=${onClose}>
    <${Form} submit="Add credit" toSending=${toSending} onDone=${onDone} onCancel=${onClose}>
      ${(error: (field: string) => string | undefined) => html`
        <${Field} label="Amount in US dollars" name="amount_usd" inputMode="decimal" isFirst error=${error('amount_usd')} hint="Up to nine places, with a point: 25 or 12.50" />
        <${Field} label="Kind" name="kind" options=${KINDS} error=${error('kind')} />
        <${Field} label="Valid for days" name="valid_days" type="number" isOptional error=${error('valid_days')} hint="One calendar year where nothing is said." />
        <${Field} label="Priority" name="priority" type="number" isOptional error=${error('priority')} hint="0 is spent first, 99 last; 50 where nothing is said." />
        <${Field} label="Only for models" name="models" isOptional error=${error('models')} hint="Ids or families with commas between: opus, claude-haiku-4-5" />
        <${Field} label="Note" name="note" isOptional error=${error('note')} />`}
    <//>
  <//>`;
}

function toBody({ amount_usd, kind, valid_days, priority, models = '', note }: Record<string, string>): object {
  const wanted = models
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean);
  return {
    amount_usd: amount_usd?.trim(),
    kind,
    ...(valid_days ? { valid_days: Number(valid_days) } : {}),
    ...(priority ? { priority: Number(priority) } : {}),
    ...(wanted.length > 0 ? { models: wanted } : {}),
    ...(note ? { note } : {}),
  };
}
