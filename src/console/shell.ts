import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { AccountPicker, useAccountChoice } from './account-picker.ts';
import type { Session } from './data/api-types.ts';
import { DeskContext } from './data/context.ts';
import { listenTo, useLive } from './data/live.ts';
import { goTo, useRoute } from './data/route.ts';
import { signOut } from './data/sign-out.ts';
import { readerZone } from './data/words.ts';
import { html, names } from './html.ts';
import { findPages, type PageEntry } from './page-list.ts';
import { PageOutlet } from './page-outlet.ts';
import { Logo } from './ui/logo.ts';
import { ThemeSwitch } from './ui/theme-switch.ts';

/** What is around every page: where one is, whose account it is, and the way out. */
export function Shell({ session }: { session: Session }): VNode {
  const { path } = useRoute();
  const pages = findPages(session);
  const choice = useAccountChoice(session);
  const page = pages.find((each) => each.path === path);
  const first = pages[0];
  const [isOpen, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);

  useEffect(() => {
    if (page === undefined && first !== undefined) goTo(first.path, {}, true);
  }, [page, first]);
  useEffect(() => listenTo(choice.accountId), [choice.accountId]);
  useEffect(() => {
    if (page !== undefined) document.title = `${page.title} · Tollgate`;
    setOpen(false);
  }, [page?.path]);

  return html`<${DeskContext.Provider} value=${{ session, accountId: choice.accountId }}>
    <a class="skip" href="#content" onClick=${(event: Event) => {
      event.preventDefault();
      main.current?.focus();
    }}>To the content</a>
    <div class="shell">
      <header class=${names('side', isOpen && 'side-open')}>
        <div class="side-head">
          <a class="home" href="/" data-page aria-label="Tollgate: to the first page"><${Logo} /></a>
          <button type="button" class="menu-button" aria-expanded=${isOpen} aria-controls="menu" onClick=${() => setOpen(!isOpen)}>Menu</button>
        </div>
        <div class="side-body" id="menu">
          ${session.type === 'key' ? null : html`<${AccountPicker} choice=${choice} />`}
          <${Navigation} pages=${pages} current=${page} />
          <${SideFoot} session=${session} />
        </div>
      </header>
      <main class="content" id="content" ref=${main} tabindex="-1">
        ${page === undefined ? null : html`<${PageOutlet} key=${`${page.path} ${choice.accountId}`} page=${page} choice=${choice} />`}
      </main>
    </div>
    <p id="announcement" class="announcement" role="status" aria-live="polite"></p>
  <//>`;
}

function Navigation({ pages, current }: { pages: readonly PageEntry[]; current: PageEntry | undefined }): VNode {
  const account = new URLSearchParams(location.search).get('account');
  const query = account === null ? '' : `?account=${encodeURIComponent(account)}`;
  return html`<nav aria-label="Pages"><ul>
    ${pages.map((page) => html`<li><a href="${page.path}${query}" data-page aria-current=${page === current ? 'page' : undefined}>${page.title}</a></li>`)}
  </ul></nav>`;
}

const LIVE_WORDS = { connecting: 'Connecting …', live: 'Live', lost: 'Connection lost, trying again' } as const;

function SideFoot({ session }: { session: Session }): VNode {
  const { state } = useLive();
  const role = session.type === 'token' ? `, ${session.role}` : '';
  return html`<div class="side-foot">
    <p class=${`live-state live-${state}`} role="status"><span class="dot" aria-hidden="true"></span>${LIVE_WORDS[state]}</p>
    <${ThemeSwitch} />
    <p class="note">Signed in as <strong>${session.name}</strong>${role}</p>
    <p class="note">Times in ${readerZone()}</p>
    <button type="button" class="button" onClick=${() => void signOut()}>Sign out</button>
  </div>`;
}
