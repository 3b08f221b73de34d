import { useEffect, useState } from 'preact/hooks';
import { withQuery } from './api.ts';
import type { Live } from './api-types.ts';

export type LiveState = 'connecting' | 'live' | 'lost';

/** The one stream of this page: every number that moves comes by it. */
let source: EventSource | undefined;
let wanted: string | undefined;
let latest: Live | undefined;
let state: LiveState = 'connecting';
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

function close(): void {
  source?.close();
  source = undefined;
}

function open(path: string): void {
  close();
  const opened = new EventSource(path);
  source = opened;
  opened.addEventListener('live', (event) => {
    latest = JSON.parse(event.data) as Live;
    state = 'live';
    tell();
  });
  opened.addEventListener('end', (event) => {
    const { reason } = JSON.parse(event.data) as { reason: string };
    if (reason === 'signed_out') location.reload();
  });
  opened.addEventListener('error', () => {
    state = 'lost';
    tell();
  });
}

/** A browser has few connections to one host: a page that nobody sees gives its own back. */
document.addEventListener('visibilitychange', () => {
  if (document.hidden) close();
  else if (wanted !== undefined && source === undefined) open(wanted);
});

/** Names the account to listen to; undefined: none. */
export function listenTo(accountId: string | undefined): void {
  const path = accountId === undefined ? undefined : withQuery('/console/events', { account_id: accountId });
  if (path === wanted) return;
  wanted = path;
  latest = undefined;
  state = 'connecting';
  close();
  if (path !== undefined && !document.hidden) open(path);
  tell();
}

/** The latest news of the account listened to. */
export function useLive(): { live: Live | undefined; state: LiveState } {
  const [, setRound] = useState(0);
  useEffect(() => {
    const listener = (): void => setRound((round) => round + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return { live: latest, state };
}

/** Moves once a second, for ages and countdowns. */
export function useNow(everyMs = 1_000): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs;
}
