import { useEffect, useState } from 'preact/hooks';
import { withQuery } from './api.ts';

export interface Route {
  path: string;
  query: URLSearchParams;
}

const listeners = new Set<() => void>();

function read(): Route {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

function tell(): void {
  for (const listener of listeners) listener();
}

addEventListener('popstate', tell);

/** Goes to another page of the console, or changes what this one shows. */
export function goTo(path: string, query: Record<string, string | undefined> = {}, replace = false): void {
  const url = withQuery(path, query);
  if (url === `${location.pathname}${location.search}`) return;
  if (replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  tell();
}

export function useRoute(): Route {
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const listener = (): void => setRoute(read());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return route;
}

/** Changes some of the query of this page; undefined takes a name away. */
export function changeQuery(change: Record<string, string | undefined>): void {
  const query = Object.fromEntries(new URLSearchParams(location.search));
  goTo(location.pathname, { ...query, ...change }, true);
}

/** Follows a link within the console without loading the page anew; with a modifier the browser does what it does. */
export function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = (event.target as Element).closest?.('a[data-page]');
  if (!(link instanceof HTMLAnchorElement)) return;
  event.preventDefault();
  const url = new URL(link.href);
  goTo(url.pathname, Object.fromEntries(url.searchParams));
  window.scrollTo(0, 0);
}
