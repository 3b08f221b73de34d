import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiProblem, send } from './api.ts';
import type { Page } from './api-types.ts';

export interface Pages<Item> {
  items: readonly Item[];
  hasMore: boolean;
  isLoading: boolean;
  problem: ApiProblem | undefined;
  more: () => void;
  /** From the first page on. */
  reload: () => void;
}

interface State<Item> {
  path: string | undefined;
  items: readonly Item[];
  next: string | number | undefined;
  hasMore: boolean;
  isLoading: boolean;
  problem: ApiProblem | undefined;
}

/** A list that is read page by page, as far as its reader wants. */
export function usePages<Item>(path: string | undefined): Pages<Item> {
  const [state, setState] = useState<State<Item>>(() => blank(path));
  const latest = useRef(path);

  const read = useCallback((wanted: string, after: string | number | undefined, before: readonly Item[]): void => {
    setState((each) => ({ ...each, isLoading: true, problem: undefined }));
    const url =
      after === undefined ? wanted : `${wanted}${wanted.includes('?') ? '&' : '?'}after=${encodeURIComponent(after)}`;
    send<Page<Item>>(url).then(
      ({ data, has_more: hasMore, next_after: next }) => {
        if (latest.current !== wanted) return;
        setState({ path: wanted, items: [...before, ...data], next, hasMore, isLoading: false, problem: undefined });
      },
      (problem: ApiProblem) => {
        if (latest.current === wanted) setState((each) => ({ ...each, path: wanted, isLoading: false, problem }));
      },
    );
  }, []);

  useEffect(() => {
    latest.current = path;
    setState(blank(path));
    if (path !== undefined) read(path, undefined, []);
  }, [path]);

  return {
    items: state.path === path ? state.items : [],
    hasMore: state.hasMore,
    isLoading: state.isLoading || (path !== undefined && state.path !== path),
    problem: state.problem,
    more: () => {
      if (path !== undefined && !state.isLoading) read(path, state.next, state.items);
    },
    reload: () => {
      if (path !== undefined) read(path, undefined, []);
    },
  };
}

function blank<Item>(path: string | undefined): State<Item> {
  return { path, items: [], next: undefined, hasMore: false, isLoading: path !== undefined, problem: undefined };
}
