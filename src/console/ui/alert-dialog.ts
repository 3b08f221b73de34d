import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { AlertChannel } from '../data/alert-types.ts';
import { ALERT_KINDS } from '../data/alert-words.ts';
import { adminPath } from '../data/api.ts';
import { useAccountId } from '../data/context.ts';
import { html } from '../html.ts';
import { Dialog } from './dialog.ts';
import { Field, Form, type Sending } from './form.ts';

interface AlertDialogProps {
  channels: readonly AlertChannel[];
  onDone: () => void;
  onClose: () => void;
}

type Errors = (field: string) => string | undefined;

export function AlertDialog({ channels, onDone, onClose }: AlertDialogProps): VNode {
  const accountId = useAccountId();
  const [kind, setKind] = useState<string>('balance_low');
  const toSending = (values: Record<string, string>): Sending => ({
    method: 'POST',
    path: adminPath(`/accounts/${accountId}/alerts`),
    body: { kind, ...toTerms(kind, values), ...(values.channel ? { channels: [values.channel] } : {}) },
  });
  const options = [
    { value: '', label: 'The default channels' },
    ...channels.map(({ id, name }) => ({ value: id, label: name })),
  ];
  return html`<${Dialog} title="New rule" onClose=${onClose}>
    <${Form} submit="Make rule" toSending=${toSending} onDone=${onDone} onCancel=${onClose}>
      ${(error: Errors) => html`
        <${Field} label="Tell when" name="kind" options=${ALERT_KINDS} value=${kind} error=${error('kind')} onInput=${(event: Event) => setKind((event.target as HTMLSelectElement).value)} />
        <${Terms} kind=${kind} error=${error} />
        <${Field} label="To" name="channel" options=${options} error=${error('channels')} />`}
    <//>
  <//>`;
}

/** Left empty, each has the usual value of its kind. */
function Terms({ kind, error }: { kind: string; error: Errors }): VNode | null {
  switch (kind) {
    case 'balance_low':
      return html`<${Field} label="Below, in US dollars" name="amount_usd" inputMode="decimal" isFirst error=${error('amount_usd')} />`;
    case 'quota_used':
      return html`<${Field} label="At, in per cent" name="shares" isOptional error=${error('shares')} hint="With commas between: 75, 95" />`;
    case 'burn_rate':
      return html`
        <${Field} label="Times the usual" name="factor" type="number" isOptional error=${error('factor')} />
        <${Field} label="From, in US dollars" name="minimum_usd" inputMode="decimal" isOptional error=${error('minimum_usd')} />`;
    case 'credit_expiry':
      return html`<${Field} label="Days before" name="days" type="number" isOptional error=${error('days')} />`;
    default:
      return null;
  }
}

function toTerms(kind: string, { amount_usd, shares, factor, minimum_usd, days }: Record<string, string>): object {
  if (kind === 'balance_low') return { amount_usd: amount_usd?.trim() ?? '' };
  if (kind === 'quota_used' && shares) return { shares: shares.split(',').map((each) => Number(each) / 100) };
  return {
    ...(factor ? { factor: Number(factor) } : {}),
    ...(minimum_usd ? { minimum_usd: minimum_usd.trim() } : {}),
    ...(days ? { days: Number(days) } : {}),
  };
}
