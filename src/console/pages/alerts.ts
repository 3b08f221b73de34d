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
import { InstallationAlerts } from '../ui/installation-alerts.ts';
import { PageHead, Panel } from '../ui/panel.ts';
import { Empty, Loaded } from '../ui/states.ts';

/** Rules, where they are told, and what became of it. */
export default function Alerts(): VNode {
  const accountId = useAccountId();
  const [mayWrite, maySeeSystem] = [useMay('billing.write'), useMay('system.read')];
  const [asked, setAsked] = useState<'rule' | 'channel' | 'general channel'>();
  const [round, setRound] = useState(0);
  const rules = useResource<Page<Alert>>(adminPath(`/accounts/${accountId}/alerts`, { limit: 200 }));
  const channels = useResource<Page<AlertChannel>>(adminPath('/alert-channels', { account_id: accountId, limit: 200 }));
  const general = useResource<Page<AlertChannel>>(
    maySeeSystem ? adminPath('/alert-channels', { limit: 200 }) : undefined,
  );
  const done = (said: string) => (): void => {
    setAsked(undefined);
    rules.reload();
    general.reload();
    channels.reload();
    setRound((before) => before + 1);
    announce(said);
  };
  const close = (): void => setAsked(undefined);
  const known = [...(channels.data?.data ?? []), ...(general.data?.data ?? [])];
  const add = (what: 'rule' | 'channel', text: string): VNode | null =>
    mayWrite ? html`<button type="button" class="button" onClick=${() => setAsked(what)}>${text}</button>` : null;
  return html`
    <${PageHead} title="Alerts" />
    <${Panel} title="Rules" note="What of this account is told, and whether it is so now." actions=${add('rule', 'New rule')} wide>
      <${Loaded} of=${rules}>${({ data }: Page<Alert>) =>
        data.length === 0
          ? html`<${Empty} title="There is no rule for this account"><p>A rule tells somebody in time: before the credit ends, or a limit is used up.</p><//>`
          : html`<${AlertTable} caption="Rules of the account" alerts=${data} channels=${known} base=${`/accounts/${accountId}/alerts`} mayWrite=${mayWrite} onChanged=${done} />`}<//>
    <//>
    <${Panel} title="Channels" note="Where it is told. A rule without channels takes the default ones." actions=${add('channel', 'New channel')} wide>
      <${Loaded} of=${channels}>${({ data }: Page<AlertChannel>) =>
        data.length === 0
          ? html`<${Empty} title="There is no channel of this account"><p>Without one, what is told goes to the channels of the installation.</p><//>`
          : html`<${ChannelTable} caption="Channels" channels=${data} mayWrite=${mayWrite} onChanged=${done} />`}<//>
    <//>
    <${DeliveryPanel} key=${round} title="Deliveries" note="The newest first." accountId=${accountId} channels=${known} mayWrite=${mayWrite} />
    ${maySeeSystem ? html`<${InstallationAlerts} channels=${general} round=${round} onChanged=${done} onAddChannel=${() => setAsked('general channel')} />` : null}
    ${asked === 'rule' ? html`<${AlertDialog} channels=${channels.data?.data ?? []} onDone=${done('The rule is in force')} onClose=${close} />` : null}
    ${asked === 'channel' ? html`<${ChannelDialog} accountId=${accountId} onDone=${done('The channel was made')} onClose=${close} />` : null}
    ${asked === 'general channel' ? html`<${ChannelDialog} onDone=${done('The channel was made')} onClose=${close} />` : null}`;
}
