import type { LiveCall } from './live-call.ts';
import { createRecentList } from './recent-list.ts';
import type { CallEnd, RecordedRequest, SimulatedApiCounters, SimulatedCall } from './simulator-types.ts';

/** What came in and what became of it. */
export interface CallLog {
  readonly counters: SimulatedApiCounters;
  requests(): readonly RecordedRequest[];
  /** Counts a request from its first line on. @returns its sequence number. */
  begin(): number;
  /** Keeps a request whose body has been read. */
  record(request: RecordedRequest): void;
  /** Offers a call to whoever waits for one. */
  offer(call: LiveCall): void;
  /** @param end undefined: the client left before its request was whole. */
  finish(end: CallEnd | undefined): void;
  nextCall(path: string | undefined): Promise<SimulatedCall>;
  idle(): Promise<void>;
}

interface Waiter {
  path: string | undefined;
  resolve: (call: SimulatedCall) => void;
}

const ENDS = { finished: 'finished', error_event: 'finished', client_gone: 'clientGone', cut: 'cut' } as const;

/** @param kept requests, and calls nobody has taken, that are kept. */
export function createCallLog(kept: number): CallLog {
  const counters = createCounters();
  const requests = createRecentList<RecordedRequest>(kept, (request) => request.body.length);
  const untaken = createRecentList<SimulatedCall>(kept, (call) => call.request.body.length);
  const waiters: Waiter[] = [];
  const idlers: (() => void)[] = [];
  const fits = (path: string | undefined, call: SimulatedCall): boolean =>
    path === undefined || call.request.path === path;

  return {
    counters,
    requests: () => [...requests.entries],
    begin() {
      counters.requests += 1;
      counters.open += 1;
      counters.openPeak = Math.max(counters.openPeak, counters.open);
      return counters.requests;
    },
    record(request) {
      counters[chooseCounter(request)] += 1;
      requests.push(request);
    },
    offer(call) {
      const index = waiters.findIndex((waiter) => fits(waiter.path, call));
      if (index < 0) untaken.push(call);
      else waiters.splice(index, 1)[0]?.resolve(call);
    },
    finish(end) {
      counters.open -= 1;
      counters[end === undefined ? 'clientGone' : ENDS[end]] += 1;
      if (counters.open === 0) for (const resolve of idlers.splice(0)) resolve();
    },
    nextCall(path) {
      const call = untaken.take((candidate) => fits(path, candidate));
      if (call !== undefined) return Promise.resolve(call);
      return new Promise((resolve) => waiters.push({ path, resolve }));
    },
    idle: () => (counters.open === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
  };
}

function chooseCounter({
  method,
  path,
}: RecordedRequest): keyof Pick<
  SimulatedApiCounters,
  'messages' | 'countTokens' | 'models' | 'batches' | 'files' | 'notFound'
> {
  if (method === 'POST' && path === '/v1/messages') return 'messages';
  if (method === 'POST' && path === '/v1/messages/count_tokens') return 'countTokens';
  if (/^\/v1\/messages\/batches(\/|$)/.test(path)) return 'batches';
  if (/^\/v1\/files(\/|$)/.test(path)) return 'files';
  return method === 'GET' && /^\/v1\/models(\/|$)/.test(path) ? 'models' : 'notFound';
}

function createCounters(): SimulatedApiCounters {
  return {
    requests: 0,
    messages: 0,
    countTokens: 0,
    models: 0,
    batches: 0,
    files: 0,
    notFound: 0,
    finished: 0,
    clientGone: 0,
    cut: 0,
    connections: 0,
    open: 0,
    openPeak: 0,
  };
}
