import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { adminPath } from '../data/api.ts';
import type { AutoReload } from '../data/api-types.ts';
import { useAccountId, useMay } from '../data/context.ts';
import { formatMoney } from '../data/money.ts';
import { useResource } from '../data/use-resource.ts';
import { html } from '../html.ts';
import { announce } from './announce.ts';
import { Confirm } from './confirm.ts';
import { Money } from './money.ts';
import { Panel } from './panel.ts';
import { ReloadAnswerDialog } from './reload-answer-dialog.ts';
import { ReloadDialog } from './reload-dialog.ts';
import { Loaded } from './states.ts';
import { Time } from './time.ts';

type Asked = 'set' | 'off' | 'answer';

/** How the balance is kept up by itself. */
export function ReloadPanel({ freshness, onChanged }: { freshness: unknown; onChanged: () => void }): VNode {
  const accountId = useAccountId();
  const [mayWrite, mayAnswer] = [useMay('billing.write'), useMay('money.write')];
  const [asked, setAsked] = useState<Asked>();
  const path = adminPath(`/accounts/${accountId}/auto-reload`);
  const reload = useResource<AutoReload>(path, { freshness });
  const { data } = reload;
  const done = (said: string) => (): void => {
    setAsked(undefined);
    reload.reload();
    onChanged();
    announce(said);
  };
  const close = (): void => setAsked(undefined);
  const actions =
    !mayWrite || data === undefined
      ? null
      : html`
          ${data.pending !== null && mayAnswer ? html`<button type="button" class="button" onClick=${() => setAsked('answer')}>Answer the request</button>` : null}
          ${data.enabled ? html`<button type="button" class="button" onClick=${() => setAsked('off')}>Turn off</button>` : null}
          <button type="button" class="button" onClick=${() => setAsked('set')}>${data.enabled ? 'Change' : 'Turn on'}</button>`;
  return html`<${Panel} title="Auto-reload" actions=${actions} wide>
    <${Loaded} of=${reload} lines=${3}>${(answer: AutoReload) => html`<${ReloadState} reload=${answer} />`}<//>
    ${asked === 'set' && data !== undefined ? html`<${ReloadDialog} reload=${data} onDone=${done('Auto-reload is on')} onClose=${close} />` : null}
    ${asked === 'answer' && data?.pending ? html`<${ReloadAnswerDialog} pending=${data.pending} onDone=${done('The request was answered')} onClose=${close} />` : null}
    ${
      asked === 'off'
        ? html`<${Confirm} title="Turn auto-reload off?" submit="Turn it off" sending=${{ method: 'PUT', path, body: { enabled: false } }} onDone=${done('Auto-reload is off')} onClose=${close}>
            <p>No payment is asked for any more. One that is pending still becomes credit when it is paid.</p>
          <//>`
        : null
    }
  <//>`;
}

function ReloadState({ reload }: { reload: AutoReload }): VNode {
  const { pending, proposal, declines, next_at: nextAt } = reload;
  return html`
    <p>${reload.enabled ? sentence(reload) : reload.disabled_reason === 'declined' ? 'Off: the last three payments were declined.' : 'Off: when the credit ends, calls are refused.'}</p>
    ${pending === null ? null : html`<p class="notice"><${Money} usd=${pending.amount_usd} /> was asked of the payment side <${Time} at=${pending.requested_at} as="distance" /> and is not answered yet.</p>`}
    ${declines > 0 && reload.enabled ? html`<p class="warning">${declines === 1 ? 'The last payment was' : `The last ${declines} payments were`} declined${nextAt === null ? '.' : html`; the next one is asked for <${Time} at=${nextAt} as="distance" />.`}</p>` : null}
    ${proposal !== null && !reload.enabled ? html`<p class="note">A threshold of <${Money} usd=${proposal.threshold_usd} /> would last for the use of the last ${proposal.based_on_days} days, <${Money} usd=${proposal.daily_burn_usd} /> a day.</p>` : null}`;
}

function sentence({
  threshold_usd: below,
  mode,
  amount_usd: amount,
  target_usd: target,
  monthly_cap_usd: cap,
  month_requested_usd: asked,
}: AutoReload): VNode {
  const what =
    mode === 'target'
      ? `it is filled up to ${formatMoney(target ?? '0.00')}`
      : `${formatMoney(amount ?? '0.00')} is asked for`;
  return html`On: when the balance falls below <strong><${Money} usd=${below ?? '0.00'} /></strong>, <strong>${what}</strong>. This month <${Money} usd=${asked} />${cap === null ? ' so far.' : html` of <${Money} usd=${cap} /> at most.`}`;
}
