import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { type ApiProblem, adminPath } from './data/api.ts';
import type { Account, Page, Session } from './data/api-types.ts';
import { changeQuery, useRoute } from './data/route.ts';
import { useResource } from './data/use-resource.ts';
import { html } from './html.ts';
import { AccountDialog } from './ui/account-dialog.ts';
import { Empty } from './ui/states.ts';

export interface AccountChoice {
  accountId: string | undefined;
  accounts: readonly Account[];
  hasMore: boolean;
  isLoading: boolean;
  problem: ApiProblem | undefined;
  /** The address names an account that is not there, or not the reader's to see. */
  unknownId: string | undefined;
  reload: () => void;
  /** Whether there is anything to choose, and accounts may be made. */
  isFree: boolean;
  mayMake: boolean;
}

const ACCOUNTS_SHOWN = 200;
/** Not there; or no account's id at all. */
const UNKNOWN_STATUSES = [404, 400];

/** The account in view: the token's own, or the one that the address names, or the first there is. */
export function useAccountChoice(session: Session): AccountChoice {
  const { query } = useRoute();
  const own = session.scope.account_id;
  const isFree = own === undefined && session.type !== 'key';
  const list = useResource<Page<Account>>(isFree ? adminPath('/accounts', { limit: ACCOUNTS_SHOWN }) : undefined);
  const accounts = list.data?.data ?? [];
  const open = accounts.find(({ status }) => status !== 'closed') ?? accounts[0];
  const named = isFree ? (query.get('account') ?? undefined) : undefined;
  const isListed = accounts.some(({ id }) => id === named);
  // One that the list does not show may be beyond its end.
  const other = useResource<Account>(
    named === undefined || isListed || list.isLoading ? undefined : adminPath(`/accounts/${encodeURIComponent(named)}`),
  );
  const isUnknown = other.problem !== undefined && UNKNOWN_STATUSES.includes(other.problem.status);
  return {
    accountId: isUnknown ? undefined : (own ?? named ?? open?.id),
    unknownId: isUnknown ? named : undefined,
    accounts,
    hasMore: list.data?.has_more ?? false,
    isLoading: isFree && (list.isLoading || (named !== undefined && !isListed && other.isLoading)),
    problem: named === undefined ? list.problem : undefined,
    reload: list.reload,
    isFree,
    mayMake: isFree && session.permissions.includes('money.write'),
  };
}

export function AccountPicker({ choice }: { choice: AccountChoice }): VNode | null {
  const [isMaking, setMaking] = useState(false);
  if (!choice.isFree || choice.accounts.length === 0) return null;
  const { accountId } = choice;
  const isOther = accountId !== undefined && !choice.accounts.some(({ id }) => id === accountId);
  const onChange = (event: Event): void => changeQuery({ account: (event.target as HTMLSelectElement).value });
  return html`<div class="picker">
    <label for="account">Account</label>
    <select id="account" onChange=${onChange}>
      ${accountId === undefined ? html`<option value="" selected disabled>Choose an account</option>` : null}
      ${isOther ? html`<option value=${accountId} selected>${accountId}</option>` : null}
      ${choice.accounts.map(({ id, name, status }) => html`<option value=${id} selected=${id === accountId}>${name}${status === 'open' ? '' : ` (${status.replace('_', ' ')})`}</option>`)}
    </select>
    ${choice.hasMore ? html`<p class="note">The first ${ACCOUNTS_SHOWN}. Another one by its id in the address: <code>?account=acct_…</code></p>` : null}
    ${choice.mayMake ? html`<button type="button" class="button-plain" onClick=${() => setMaking(true)}>New account</button>` : null}
    ${isMaking ? html`<${MakeAccount} choice=${choice} onClose=${() => setMaking(false)} />` : null}
  </div>`;
}

function MakeAccount({ choice, onClose }: { choice: AccountChoice; onClose: () => void }): VNode {
  const onMade = ({ id }: Account): void => {
    choice.reload();
    changeQuery({ account: id });
    onClose();
  };
  return html`<${AccountDialog} onMade=${onMade} onClose=${onClose} />`;
}

/** What an address shows that names an account which is not there. */
export function UnknownAccount({ choice }: { choice: AccountChoice }): VNode {
  const first = choice.accounts[0];
  return html`<h1 tabindex="-1">No such account</h1>
    <${Empty} title=${`There is no account ${choice.unknownId}`}>
      <p>The address may be mistyped, or of another Tollgate.</p>
      ${first === undefined ? null : html`<button type="button" class="button button-main" onClick=${() => changeQuery({ account: undefined })}>To the first account</button>`}
    <//>`;
}

/** What a new Tollgate shows first. */
export function NoAccount({ choice }: { choice: AccountChoice }): VNode {
  const [isMaking, setMaking] = useState(false);
  return html`<h1 tabindex="-1">Welcome</h1>
    <${Empty} title="There is no account yet">
      <p>An account owns credit. Its teams and keys spend from it, and never more than there is.</p>
      ${choice.mayMake ? html`<button type="button" class="button button-main" onClick=${() => setMaking(true)}>Make the first account</button>` : html`<p>Who has the admin token can make one.</p>`}
    <//>
    ${isMaking ? html`<${MakeAccount} choice=${choice} onClose=${() => setMaking(false)} />` : null}`;
}
