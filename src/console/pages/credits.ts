import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { adminPath } from '../data/api.ts';
import type { Account, Grant, Page, Runway } from '../data/api-types.ts';
import { useAccountId, useMay } from '../data/context.ts';
import { useLive } from '../data/live.ts';
import { useResource } from '../data/use-resource.ts';
import { html } from '../html.ts';
import { announce } from '../ui/announce.ts';
import { BalanceHero } from '../ui/balance-hero.ts';
import { ExpiryPanel } from '../ui/expiry-panel.ts';
import { GrantDialog } from '../ui/grant-dialog.ts';
import { GrantTable } from '../ui/grant-table.ts';
import { PageHead, Panel } from '../ui/panel.ts';
import { ReloadPanel } from '../ui/reload-panel.ts';
import { StatementPanel } from '../ui/statement-panel.ts';
import { Empty, Loaded } from '../ui/states.ts';

const GRANTS_SHOWN = 200;

/** What credit there is, in the order in which it is spent, and what will be lost. */
export default function Credits(): VNode {
  const accountId = useAccountId();
  const mayGrant = useMay('money.write');
  const { live } = useLive();
  const freshness = live?.sequence ?? undefined;
  const [isAdding, setAdding] = useState(false);
  const account = useResource<Account>(adminPath(`/accounts/${accountId}`), { freshness });
  const runway = useResource<Runway>(adminPath(`/accounts/${accountId}/runway`), { freshness });
  const grants = useResource<Page<Grant>>(adminPath(`/accounts/${accountId}/grants`, { limit: GRANTS_SHOWN }), {
    freshness,
  });
  const refresh = (): void => {
    grants.reload();
    account.reload();
    runway.reload();
  };
  const add = mayGrant
    ? html`<button type="button" class="button button-main" onClick=${() => setAdding(true)}>Add credit</button>`
    : null;
  return html`
    <${PageHead} title="Credits" actions=${add} />
    <div class="hero-row">
      <${BalanceHero} account=${account} runway=${runway.data} />
      <${ExpiryPanel} runway=${runway} />
    </div>
    <${Panel} title="Grants" note="In the order in which they are spent; the first one with something left is spent now." wide>
      <${Loaded} of=${grants} lines=${5}>${({ data }: Page<Grant>) =>
        data.length === 0
          ? html`<${Empty} title="There is no credit yet"><p>${mayGrant ? 'Add some: calls are admitted from then on.' : 'Who has a token for money can add some.'}</p>${add}<//>`
          : html`<${GrantTable} grants=${data} mayVoid=${mayGrant} onChanged=${refresh} />`}<//>
    <//>
    <${ReloadPanel} freshness=${freshness} onChanged=${refresh} />
    <${StatementPanel} timezone=${account.data?.timezone} />
    ${
      isAdding
        ? html`<${GrantDialog} onClose=${() => setAdding(false)} onDone=${() => {
            setAdding(false);
            refresh();
            announce('The credit was added');
          }} />`
        : null
    }`;
}
