import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type ApiProblem, send, whenSignedOut } from './data/api.ts';
import type { Session } from './data/api-types.ts';
import { tellOtherTabs, whenSignedInElsewhere } from './data/other-tabs.ts';
import { html } from './html.ts';
import { Shell } from './shell.ts';
import { SignIn } from './sign-in.ts';
import { Failure, Loading } from './ui/states.ts';

/** Who is signed in decides what there is to see. */
export function App(): VNode {
  const [session, setSession] = useState<Session>();
  const [problem, setProblem] = useState<ApiProblem>();
  const [wasSignedOut, setSignedOut] = useState(false);

  const read = (): void => {
    setProblem(undefined);
    send<Session>('/console/session').then(setSession, setProblem);
  };
  useEffect(() => {
    whenSignedOut(() => {
      setSignedOut(true);
      setSession((before) => (before === undefined ? before : { ...before, type: null }));
    });
    whenSignedInElsewhere(() => location.reload());
    read();
  }, []);
  const onSignedIn = (begun: Session): void => {
    tellOtherTabs();
    setSession(begun);
  };

  if (problem !== undefined)
    return html`<main class="alone"><${Failure} message=${problem.message} onRetry=${read} /></main>`;
  if (session === undefined) return html`<main class="alone"><${Loading} /></main>`;
  if (session.type === null)
    return html`<${SignIn} version=${session.version} wasSignedOut=${wasSignedOut} onSignedIn=${onSignedIn} />`;
  return html`<${Shell} session=${session} />`;
}
