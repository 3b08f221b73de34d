import type { ComponentType, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type AccountChoice, NoAccount, UnknownAccount } from './account-picker.ts';
import { html } from './html.ts';
import type { PageEntry } from './page-list.ts';
import { Failure, Loading } from './ui/states.ts';

/** Shows a page once its script is here: a page nobody opens is never loaded. */
export function PageOutlet({ page, choice }: { page: PageEntry; choice: AccountChoice }): VNode {
  const [Page, setPage] = useState<ComponentType>();
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    page.load().then(
      (script) => setPage(() => script.default),
      () => setBroken(true),
    );
  }, [page]);
  if (isBroken) {
    return html`<${Failure} message="This page could not be loaded. Tollgate may have been updated, or does not answer." onRetry=${() => location.reload()} />`;
  }
  if (page.isGeneral !== true) {
    if (choice.problem !== undefined)
      return html`<${Failure} message=${choice.problem.message} onRetry=${choice.reload} />`;
    if (choice.isLoading) return html`<${Loading} lines=${6} />`;
    if (choice.unknownId !== undefined) return html`<${UnknownAccount} choice=${choice} />`;
    if (choice.accountId === undefined) return html`<${NoAccount} choice=${choice} />`;
  }
  return Page === undefined ? html`<${Loading} lines=${6} />` : html`<${Page} />`;
}
