import type { VNode } from 'preact';
import { adminPath } from '../data/api.ts';
import type { AutoReload } from '../data/api-types.ts';
import { useAccountId } from '../data/context.ts';
import { html } from '../html.ts';
import { Dialog } from './dialog.ts';
import { Field, Form, type Sending } from './form.ts';
import { Money } from './money.ts';

const OUTCOMES = [
  { value: 'paid', label: 'It was paid' },
  { value: 'declined', label: 'It was declined' },
];

interface ReloadAnswerDialogProps {
  pending: NonNullable<AutoReload['pending']>;
  onDone: () => void;
  onClose: () => void;
}

/** For a payment that was made by hand, or whose answer was lost. */
export function ReloadAnswerDialog({ pending, onDone, onClose }: ReloadAnswerDialogProps): VNode {
  const accountId = useAccountId();
  const toSending = ({ outcome, reference }: Record<string, string>): Sending => ({
    method: 'POST',
    path: adminPath(`/accounts/${accountId}/auto-reload/requests/${pending.reload_id}`),
    body: { outcome, ...(reference ? { reference } : {}) },
  });
  return html`<${Dialog} title="What became of the request?" onClose=${onClose}>
    <p><${Money} usd=${pending.amount_usd} /> was asked for. Paid, it is credit at once.</p>
    <${Form} submit="Answer it" toSending=${toSending} onDone=${onDone} onCancel=${onClose}>
      ${(error: (field: string) => string | undefined) => html`
        <${Field} label="Outcome" name="outcome" options=${OUTCOMES} error=${error('outcome')} />
        <${Field} label="Reference" name="reference" isOptional error=${error('reference')} hint="What the payment side calls its charge; it is kept in the journal." />`}
    <//>
  <//>`;
}
