import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { adminPath } from '../data/api.ts';
import type { AutoReload } from '../data/api-types.ts';
import { useAccountId } from '../data/context.ts';
import { formatMoney } from '../data/money.ts';
import { html } from '../html.ts';
import { Dialog } from './dialog.ts';
import { Field, Form, type Sending } from './form.ts';

const MODES = [
  { value: 'fixed', label: 'A fixed amount' },
  { value: 'target', label: 'Up to a balance' },
];

interface ReloadDialogProps {
  reload: AutoReload;
  onDone: () => void;
  onClose: () => void;
}

export function ReloadDialog({ reload, onDone, onClose }: ReloadDialogProps): VNode {
  const accountId = useAccountId();
  const [mode, setMode] = useState<string>(reload.mode ?? 'fixed');
  const { proposal } = reload;
  const toSending = (values: Record<string, string>): Sending => ({
    method: 'PUT',
    path: adminPath(`/accounts/${accountId}/auto-reload`),
    body: toBody(values),
  });
  const proposed =
    proposal === null
      ? undefined
      : `${formatMoney(proposal.threshold_usd)} is proposed, by the use of the last ${proposal.based_on_days} days.`;
  return html`<${Dialog} title="Auto-reload" onClose=${onClose}>
    <p>The payment side is asked, and its yes is credit. Nothing is paid by Tollgate itself.</p>
    <${Form} submit="Turn on" toSending=${toSending} onDone=${onDone} onCancel=${onClose}>
      ${(error: (field: string) => string | undefined) => html`
        <${Field} label="When the balance falls below" name="threshold_usd" inputMode="decimal" isFirst value=${reload.threshold_usd ?? proposal?.threshold_usd ?? ''} hint=${proposed} error=${error('threshold_usd') ?? error('enabled')} />
        <${Field} label="Then ask for" name="mode" options=${MODES} value=${mode} error=${error('mode')} onInput=${(event: Event) => setMode((event.target as HTMLSelectElement).value)} />
        ${
          mode === 'fixed'
            ? html`<${Field} key="amount" label="Amount" name="amount_usd" inputMode="decimal" value=${reload.amount_usd ?? ''} error=${error('amount_usd')} />`
            : html`<${Field} key="target" label="Up to" name="target_usd" inputMode="decimal" value=${reload.target_usd ?? ''} error=${error('target_usd')} />`
        }
        <${Field} label="At most in a month" name="monthly_cap_usd" inputMode="decimal" isOptional value=${reload.monthly_cap_usd ?? ''} error=${error('monthly_cap_usd')} />`}
    <//>
  <//>`;
}

function toBody({ threshold_usd, mode, amount_usd, target_usd, monthly_cap_usd }: Record<string, string>): object {
  return {
    enabled: true,
    threshold_usd: threshold_usd?.trim(),
    mode,
    ...(amount_usd ? { amount_usd: amount_usd.trim() } : {}),
    ...(target_usd ? { target_usd: target_usd.trim() } : {}),
    ...(monthly_cap_usd ? { monthly_cap_usd: monthly_cap_usd.trim() } : {}),
  };
}
