import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { ApiProblem, adminPath, send } from '../data/api.ts';
import type { ScopeType } from '../data/api-types.ts';
import { useAccountId } from '../data/context.ts';
import type { QuotaView } from '../data/quota-view.ts';
import { useTree } from '../data/tree.ts';
import { html } from '../html.ts';
import { announce } from './announce.ts';
import { Bar } from './bar.ts';
import { Dialog } from './dialog.ts';
import { Field, Form, type Sending } from './form.ts';

interface LimitsDialogProps {
  scope: { type: ScopeType; id: string };
  name: string;
  onChanged: () => void;
  onClose: () => void;
}

const MEASURES = [
  { value: 'usd', label: 'US dollars' },
  { value: 'tokens', label: 'Tokens' },
  { value: 'requests', label: 'Calls' },
  { value: 'concurrency', label: 'Calls at once' },
];
const WINDOWS = ['minute', 'hour', 'day', 'week', 'month', 'total'].map((value) => ({
  value,
  label: value === 'total' ? 'In all' : `A ${value}`,
}));
const MODES = [
  { value: 'hard', label: 'Refuse what goes beyond' },
  { value: 'soft', label: 'Let it pass and tell' },
  { value: 'shadow', label: 'Only count' },
];

/** The limits on one part of the tree, and a new one. */
export function LimitsDialog({ scope, name, onChanged, onClose }: LimitsDialogProps): VNode {
  const { quotas, mayWriteQuotas } = useTree();
  const own = quotas.filter((quota) => quota.scope.id === scope.id);
  return html`<${Dialog} title="Limits of ${name}" onClose=${onClose}>
    ${own.length === 0 ? html`<p>There is none on it. Those above it count for it as well.</p>` : html`<ul class="quota-list">${own.map((quota) => html`<${LimitItem} key=${quota.id} quota=${quota} onChanged=${onChanged} />`)}</ul>`}
    ${mayWriteQuotas ? html`<${NewLimit} key=${own.length} scope=${scope} onChanged=${onChanged} />` : null}
  <//>`;
}

function LimitItem({ quota, onChanged }: { quota: QuotaView; onChanged: () => void }): VNode {
  const accountId = useAccountId();
  const { mayWriteQuotas } = useTree();
  const [isSure, setSure] = useState(false);
  const [problem, setProblem] = useState<string>();
  const remove = async (): Promise<void> => {
    if (!isSure) return setSure(true);
    try {
      await send(adminPath(`/accounts/${accountId}/quotas/${quota.id}`), { method: 'DELETE' });
      announce('The limit was removed');
      onChanged();
    } catch (error) {
      setProblem(error instanceof ApiProblem ? error.message : 'It could not be removed.');
    }
  };
  return html`<li>
    <p><strong>${quota.words}</strong> <span class="tag">${quota.mode}</span></p>
    <${Bar} share=${quota.usedShare} held=${quota.share - quota.usedShare} label="Used of ${quota.words}" isLimit />
    <p class="note">${quota.used} used, ${quota.held} held</p>
    ${problem === undefined ? null : html`<p class="field-error" role="alert">${problem}</p>`}
    ${mayWriteQuotas ? html`<button type="button" class="button button-small button-grave" aria-label="Remove the limit of ${quota.words}${isSure ? ', really' : ''}" onClick=${remove}>${isSure ? 'Really remove it' : 'Remove'}</button>` : null}
  </li>`;
}

function NewLimit({ scope, onChanged }: { scope: LimitsDialogProps['scope']; onChanged: () => void }): VNode {
  const accountId = useAccountId();
  const [measure, setMeasure] = useState('usd');
  const toSending = ({ amount = '', window, mode }: Record<string, string>): Sending => ({
    method: 'POST',
    path: adminPath(`/accounts/${accountId}/quotas`),
    body: {
      scope: scope.type === 'account' ? { type: 'account' } : scope,
      window: measure === 'concurrency' ? 'total' : window,
      [`limit_${measure}`]: measure === 'usd' ? amount.trim() : Number(amount),
      mode,
    },
  });
  const onDone = (): void => {
    announce('The limit is in force');
    onChanged();
  };
  return html`<${Form} submit="Add limit" toSending=${toSending} onDone=${onDone}>
    ${(error: (field: string) => string | undefined) => html`
      <h3>New limit</h3>
      <div class="filters">
        <${Field} label="Of" name="measure" options=${MEASURES} value=${measure} onInput=${(event: Event) => setMeasure((event.target as HTMLSelectElement).value)} />
        <${Field} label="At most" name="amount" inputMode="decimal" error=${error(`limit_${measure}`)} />
        ${measure === 'concurrency' ? null : html`<${Field} label="In" name="window" options=${WINDOWS} value="month" error=${error('window')} />`}
        <${Field} label="Then" name="mode" options=${MODES} error=${error('mode')} />
      </div>`}
  <//>`;
}
