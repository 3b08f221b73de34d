import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { adminPath } from '../data/api.ts';
import type { Account, Key, Page, Quota, Team } from '../data/api-types.ts';
import { useAccountId, useMay, useSeesAccount } from '../data/context.ts';
import { useLive } from '../data/live.ts';
import { readQuota } from '../data/quota-view.ts';
import { changeQuery, useRoute } from '../data/route.ts';
import { type Tree, type TreeAct, TreeContext, useTree } from '../data/tree.ts';
import { usePages } from '../data/use-pages.ts';
import { useResource } from '../data/use-resource.ts';
import { html } from '../html.ts';
import { Field } from '../ui/form.ts';
import { KeyRow } from '../ui/key-row.ts';
import { More } from '../ui/more.ts';
import { PageHead } from '../ui/panel.ts';
import { Empty } from '../ui/states.ts';
import { TreeActs } from '../ui/tree-acts.ts';
import { AccountRow, NoTeamRows, TeamRows } from '../ui/tree-rows.ts';
import { TreeTable } from '../ui/tree-table.ts';

const TEAMS_SHOWN = 200;

/** Who spends: the account, its teams, their members and keys, each with the limit that binds it. */
export default function Teams(): VNode {
  const accountId = useAccountId();
  const { live } = useLive();
  const { query } = useRoute();
  const [act, setAct] = useState<TreeAct>();
  const [round, setRound] = useState(0);
  const account = useResource<Account>(adminPath(`/accounts/${accountId}`));
  const quotas = useResource<Page<Quota>>(adminPath(`/accounts/${accountId}/quotas`, { limit: 200 }), {
    freshness: live?.sequence,
  });
  const [mayWritePeople, mayMakeTeams] = [useMay('people.write'), useMay('account.write')];
  const tree: Tree = {
    quotas: (quotas.data?.data ?? []).map(readQuota),
    accountName: account.data?.name ?? 'Account',
    seesAccount: useSeesAccount(),
    act: setAct,
    mayWritePeople,
    mayWriteQuotas: useMay('quotas.write'),
    mayMakeTeams,
    round,
  };
  const onDone = (): void => {
    setRound((before) => before + 1);
    quotas.reload();
  };
  const text = query.get('q') ?? '';
  return html`<${TreeContext.Provider} value=${tree}>
    <${PageHead} title="Teams and keys" actions=${html`
      ${mayMakeTeams ? html`<button type="button" class="button" onClick=${() => setAct({ kind: 'make-team' })}>New team</button>` : null}
      ${mayWritePeople ? html`<button type="button" class="button" onClick=${() => setAct({ kind: 'make-member' })}>New member</button>` : null}
      ${mayWritePeople ? html`<button type="button" class="button button-main" onClick=${() => setAct({ kind: 'make-key' })}>New key</button>` : null}`} />
    <${Search} key=${text} text=${text} />
    ${text === '' ? html`<${TeamTree} key=${round} />` : html`<${FoundKeys} key=${`${round} ${text}`} text=${text} />`}
    ${act === undefined ? null : html`<${TreeActs} act=${act} onDone=${onDone} onClose=${() => setAct(undefined)} />`}
  <//>`;
}

function Search({ text }: { text: string }): VNode {
  const onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    changeQuery({ q: `${new FormData(event.currentTarget as HTMLFormElement).get('q') ?? ''}`.trim() });
  };
  return html`<form class="filters" role="search" onSubmit=${onSubmit}>
    <div class="field-wide"><${Field} label="Find a key by its name, its first characters or its id" name="q" type="search" value=${text} /></div>
    <button type="submit" class="button">Find</button>
    ${text === '' ? null : html`<button type="button" class="button" onClick=${() => changeQuery({ q: undefined })}>All teams</button>`}
  </form>`;
}

function TeamTree(): VNode {
  const accountId = useAccountId();
  const teams = usePages<Team>(adminPath(`/accounts/${accountId}/teams`, { limit: TEAMS_SHOWN }));
  const { seesAccount } = useTree();
  const isWhole = !teams.isLoading && !teams.hasMore;
  return html`
    <${TreeTable} caption="Teams, members and keys with their limits">
      ${seesAccount ? html`<${AccountRow} />` : null}
      ${teams.items.map((team) => html`<${TeamRows} key=${team.id} team=${team} startsOpen=${teams.items.length === 1} />`)}
      ${isWhole && seesAccount ? html`<${NoTeamRows} startsOpen=${teams.items.length === 0} />` : null}
    <//>
    <${More} of=${teams} label="Show more teams" />`;
}

function FoundKeys({ text }: { text: string }): VNode {
  const accountId = useAccountId();
  const keys = usePages<Key>(adminPath(`/accounts/${accountId}/keys`, { q: text, limit: 50 }));
  const isNothing = keys.items.length === 0 && !keys.isLoading && keys.problem === undefined;
  return html`
    ${isNothing ? html`<${Empty} title="No key is called so"><p>A part of its name finds it, or the beginning of the key as it was shown: tg_k3Jd</p><//>` : null}
    ${keys.items.length === 0 ? null : html`<${TreeTable} caption="Keys found">${keys.items.map((key) => html`<${KeyRow} key=${key.id} of=${key} level=${0} />`)}<//>`}
    <${More} of=${keys} label="Show more keys" />`;
}
