import type { VNode } from 'preact';
import type { Alert, AlertChannel } from '../data/alert-types.ts';
import { adminPath } from '../data/api.ts';
import type { Page } from '../data/api-types.ts';
import { useMay } from '../data/context.ts';
import { useResource } from '../data/use-resource.ts';
import { html } from '../html.ts';
import { AlertTable } from './alert-table.ts';
import { ChannelTable } from './channel-table.ts';
import { DeliveryPanel } from './delivery-panel.ts';
import { Panel } from './panel.ts';
import { Empty, Loaded } from './states.ts';

interface InstallationAlertsProps {
  channels: ReturnType<typeof useResource<Page<AlertChannel>>>;
  /** Goes up when something was changed. */
  round: number;
  onChanged: (said: string) => () => void;
  onAddChannel: () => void;
}

/** For the operator: what is told of every account and of none, where, and what came of all that was told. */
export function InstallationAlerts({ channels, round, onChanged, onAddChannel }: InstallationAlertsProps): VNode {
  const mayWrite = useMay('billing.write');
  const rules = useResource<Page<Alert>>(adminPath('/alerts', { limit: 200 }), { freshness: round });
  const known = channels.data?.data ?? [];
  const add = mayWrite
    ? html`<button type="button" class="button" onClick=${onAddChannel}>New channel of the installation</button>`
    : null;
  return html`
    <${Panel} title="Rules of the installation" note="For every account, and for what belongs to none." wide>
      <${Loaded} of=${rules}>${({ data }: Page<Alert>) => html`<${AlertTable} caption="Rules of the installation" alerts=${data} channels=${known} base="/alerts" mayWrite=${mayWrite} onChanged=${onChanged} />`}<//>
    <//>
    <${Panel} title="Channels of the installation" note="The default ones get whatever names no channel, of every account." actions=${add} wide>
      <${Loaded} of=${channels}>${({ data }: Page<AlertChannel>) =>
        data.length === 0
          ? html`<${Empty} title="There is no channel of the installation"><p>Until there is one, what is told is in the log and the metrics only.</p><//>`
          : html`<${ChannelTable} caption="Channels of the installation" channels=${data} mayWrite=${mayWrite} onChanged=${onChanged} />`}<//>
    <//>
    <${DeliveryPanel} key=${`all ${round}`} title="All deliveries" note="Of every account and of the installation, the newest first." channels=${known} mayWrite=${mayWrite} />`;
}
