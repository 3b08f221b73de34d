import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { adminPath } from '../data/api.ts';
import type { JournalEntry } from '../data/api-types.ts';
import { useAccountId } from '../data/context.ts';
import { changeQuery, useRoute } from '../data/route.ts';
import { usePages } from '../data/use-pages.ts';
import { html } from '../html.ts';
import { EntryTable } from '../ui/entry-table.ts';
import { Field } from '../ui/form.ts';
import { More } from '../ui/more.ts';
import { PageHead, Panel } from '../ui/panel.ts';
import { Empty } from '../ui/states.ts';

const VIEWS = [
  { value: '', label: 'Charges and credit' },
  { value: 'all', label: 'Everything, holds too' },
  { value: 'estimated', label: 'Charged by estimate' },
  { value: 'absurd', label: 'Figures that cannot be' },
  { value: 'unknown', label: 'Usage of an unknown kind' },
  { value: 'doubtful', label: 'Perhaps not billed' },
];
const MARKS = ['estimated', 'absurd', 'unknown', 'doubtful'];
const PAGE = 100;

/** Every change of the balance, and why. */
export default function Journal(): VNode {
  const accountId = useAccountId();
  const { query } = useRoute();
  const view = query.get('view') ?? '';
  const requestId = query.get('request')?.trim() ?? '';
  const path = findPath(accountId, view, requestId);
  const pages = usePages<JournalEntry>(path);
  const isAll = view !== '' || requestId !== '';
  const entries = isAll ? pages.items : pages.items.filter(({ operation }) => !['hold', 'extend'].includes(operation));
  const csv = adminPath(`/accounts/${accountId}/journal`, {
    format: 'csv',
    limit: 1_000,
    ...(MARKS.includes(view) ? { only: view } : { order: 'newest' }),
  });
  return html`
    <${PageHead} title="Journal" actions=${html`<a class="button" href=${csv} download>As CSV</a>`} />
    <${Search} key=${requestId} requestId=${requestId} view=${view} />
    <${Panel} title=${requestId === '' ? 'Entries' : 'Entries of one call'} note=${requestId === '' ? 'The newest first. Open one for its receipt.' : requestId} wide>
      ${entries.length === 0 && !pages.isLoading && pages.problem === undefined ? html`<${Nothing} isSearch=${requestId !== ''} />` : null}
      ${entries.length === 0 ? null : html`<${EntryTable} entries=${entries} isOpen=${requestId !== ''} />`}
      <${More} of=${pages} label="Show older ones" />
    <//>`;
}

function findPath(accountId: string, view: string, requestId: string): string {
  const path = `/accounts/${accountId}/journal`;
  if (requestId !== '') return adminPath(path, { request_id: requestId });
  if (MARKS.includes(view)) return adminPath(path, { only: view, limit: PAGE });
  return adminPath(path, { order: 'newest', limit: PAGE });
}

function Search({ requestId, view }: { requestId: string; view: string }): VNode {
  const [text, setText] = useState(requestId);
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    changeQuery({ request: text.trim(), view: undefined });
  };
  return html`<form class="filters" role="search" onSubmit=${onSubmit}>
    <div class="field-wide"><${Field} label="Find a call by its request id or hold" name="request" type="search" value=${text} onInput=${(event: Event) => setText((event.target as HTMLInputElement).value)} /></div>
    <button type="submit" class="button">Find</button>
    ${requestId === '' ? null : html`<button type="button" class="button" onClick=${() => changeQuery({ request: undefined })}>All entries</button>`}
    ${requestId === '' ? html`<${Field} label="Show" name="view" options=${VIEWS} value=${view} onInput=${(event: Event) => changeQuery({ view: (event.target as HTMLSelectElement).value })} />` : null}
  </form>`;
}

function Nothing({ isSearch }: { isSearch: boolean }): VNode {
  return isSearch
    ? html`<${Empty} title="No call of this id was found"><p>It may be another account's, or older than the journal is kept. The id is what the client was answered as <code>request-id</code>.</p><//>`
    : html`<${Empty} title="Nothing to show"><p>Every grant and every call leaves an entry here.</p><//>`;
}
