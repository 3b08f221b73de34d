import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { Alert, AlertChannel } from '../data/alert-types.ts';
import { adminPath } from '../data/api.ts';
import type { Page } from '../data/api-types.ts';
import { useAccountId, useMay } from '../data/context.ts';
import { useResource } from '../data/use-resource.ts';
import { html } from '../html.ts';
import { AlertDialog } from '../ui/alert-dialog.ts';
import { AlertTable } from '../ui/alert-table.ts';
import { announce } from '../ui/announce.ts';
import { ChannelDialog } from '../ui/channel-dialog.ts';
import { ChannelTable } from '../ui/channel-table.ts';
import { DeliveryPanel } from '../ui/delivery-panel.ts';
import { PageHead, Panel } from '../ui/panel.ts';
import { Empty, Loaded } from '../ui/states.ts';

/** Rules, where they are told, and what became of it. */
export default function Alerts(): VNode {
  const accountId = useAccountId();
  const [mayWrite, maySeeSystem] = [useMay('billing.write'), useMay('system.read')];
  const [asked, setAsked] = useState<'rule' | 'channel'>();
  const [round, setRound] = useState(0);
  const rules = useResource<Page<Alert>>(adminPath(`/accounts/${accountId}/alerts`, { limit: 200 }));
  const general = useResource<Page<Alert>>(maySeeSystem ? adminPath('/alerts', { limit: 200 }) : undefined);
  const channels = useResource<Page<AlertChannel>>(adminPath('/alert-channels', { account_id: accountId, limit: 200 }));
  const done = (said: string) => (): void => {
    setAsked(undefined);
    rules.reload();
    general.reload();
    channels.reload();
    setRound((before) => before + 1);
    announce(said);
  };
  const close = (): void => setAsked(undefined);
  const own = channels.data?.data ?? [];
  const add = (what: 'rule' | 'channel', text: string): VNode | null =>
    mayWrite ? html`<button type="button" class="button" onClick=${() => setAsked(what)}>${text}</button>` : null;
  return html`
    <${PageHead} title="Alerts" />
    <${Panel} title="Rules" note="What of this account is told, and whether it is so now." actions=${add('rule', 'New rule')} wide>
      <${Loaded} of=${rules}>${({ data }: Page<Alert>) =>
        data.length === 0
          ? html`<${Empty} title="There is no rule for this account"><p>A rule tells somebody in time: before the credit ends, or a limit is used up.</p><//>`
          : html`<${AlertTable} caption="Rules of the account" alerts=${data} channels=${own} base=${`/accounts/${accountId}/alerts`} mayWrite=${mayWrite} onChanged=${done} />`}<//>
    <//>
    <${Panel} title="Channels" note="Where it is told. A rule without channels takes the default ones." actions=${add('channel', 'New channel')} wide>
      <${Loaded} of=${channels}>${({ data }: Page<AlertChannel>) =>
        data.length === 0
          ? html`<${Empty} title="There is no channel of this account"><p>Without one, what is told goes to the channels of the installation.</p><//>`
          : html`<${ChannelTable} channels=${data} mayWrite=${mayWrite} onChanged=${done} />`}<//>
    <//>
    <${DeliveryPanel} key=${round} channels=${own} mayWrite=${mayWrite} />
    ${
      maySeeSystem
        ? html`<${Panel} title="Rules of the installation" note="For every account, and for what belongs to none." wide>
            <${Loaded} of=${general}>${({ data }: Page<Alert>) => html`<${AlertTable} caption="Rules of the installation" alerts=${data} channels=${own} base="/alerts" mayWrite=${mayWrite} onChanged=${done} />`}<//>
          <//>`
        : null
    }
    ${asked === 'rule' ? html`<${AlertDialog} channels=${own} onDone=${done('The rule is in force')} onClose=${close} />` : null}
    ${asked === 'channel' ? html`<${ChannelDialog} onDone=${done('The channel was made')} onClose=${close} />` : null}`;
}
