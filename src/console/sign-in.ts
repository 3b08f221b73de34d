import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Session } from './data/api-types.ts';
import { goTo } from './data/route.ts';
import { html } from './html.ts';
import { Field, Form } from './ui/form.ts';
import { Logo } from './ui/logo.ts';

interface SignInProps {
  version: string;
  wasSignedOut: boolean;
  onSignedIn: (session: Session) => void;
}

/** One field: a token shows an account or all of them, an API key shows its own usage. */
export function SignIn({ version, wasSignedOut, onSignedIn }: SignInProps): VNode {
  useEffect(() => {
    document.title = 'Sign in · Tollgate';
  }, []);
  const onDone = (session: Session): void => {
    if (session.type === 'key') goTo('/me', {}, true);
    else if (['/sign-in', '/me'].includes(location.pathname)) goTo('/', {}, true);
    onSignedIn(session);
  };
  const toSending = ({ secret }: Record<string, string>) => ({
    method: 'POST',
    path: '/console/session',
    body: { secret: secret?.trim() },
  });
  return html`<main class="alone sign-in">
    <${Logo} />
    <h1>Sign in</h1>
    ${wasSignedOut ? html`<p class="notice" role="status">You were signed out: the session ended, or what it was opened with was revoked.</p>` : null}
    <${Form} submit="Sign in" toSending=${toSending} onDone=${onDone}>
      ${(
        error: (field: string) => string | undefined,
      ) => html`<${Field} label="Token or API key" name="secret" type="password" isFirst autocomplete="current-password" error=${error('secret')}
        hint="A token shows its account or team, the admin token everything, an API key its own usage." />`}
    <//>
    <details class="sign-in-help">
      <summary>Where do I find it?</summary>
      <p>The admin token is <code>ADMIN_TOKEN</code>, or else in the file <code>admin-token</code> in the data folder. An API key (<code>tg_…</code>) is what your client sends.</p>
    </details>
    <p class="note">Tollgate ${version}</p>
  </main>`;
}
