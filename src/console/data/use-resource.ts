import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiProblem, send } from './api.ts';

export interface Resource<Data> {
  data: Data | undefined;
  problem: ApiProblem | undefined;
  isLoading: boolean;
  /** Reads it again; what is there stays until then. */
  reload(): void;
}

interface Options {
  /** Reads it again, quietly, when this changes: at most every {@link REFRESH_MS}. */
  freshness?: unknown;
}

const REFRESH_MS = 5_000;

/** What a path answers; undefined: nothing is asked. Another path forgets what the one before had answered. */
export function useResource<Data>(path: string | undefined, { freshness }: Options = {}): Resource<Data> {
  const [state, setState] = useState<{ path: string | undefined; data?: Data; problem?: ApiProblem }>({ path });
  const [round, setRound] = useState(0);
  const isQuiet = useRef(false);
  const readAt = useRef(0);

  useEffect(() => {
    if (path === undefined) return;
    const stop = new AbortController();
    const background = isQuiet.current;
    isQuiet.current = false;
    readAt.current = Date.now();
    send<Data>(path, { signal: stop.signal, background }).then(
      (data) => setState({ path, data }),
      (problem: ApiProblem) => {
        if (!stop.signal.aborted) setState((before) => ({ ...(before.path === path ? before : {}), path, problem }));
      },
    );
    return () => stop.abort();
  }, [path, round]);

  useEffect(() => {
    if (freshness === undefined || readAt.current === 0) return;
    const waitMs = Math.max(0, readAt.current + REFRESH_MS - Date.now());
    const timer = setTimeout(() => {
      isQuiet.current = true;
      setRound((each) => each + 1);
    }, waitMs);
    return () => clearTimeout(timer);
  }, [freshness]);

  const reload = useCallback(() => setRound((each) => each + 1), []);
  const isCurrent = state.path === path;
  const data = isCurrent ? state.data : undefined;
  const problem = isCurrent ? state.problem : undefined;
  return { data, problem, isLoading: path !== undefined && data === undefined && problem === undefined, reload };
}
