import { Agent, request } from 'undici';
import type { Caller } from '../support/admin-calls.ts';
import type { ListeningApi } from '../support/simulated-api.ts';
import type { SoakPlace } from './soak-proxies.ts';

/** One call that a client made. */
export interface SoakCall {
  /** As the journal names it. */
  session: string;
  place: SoakPlace;
  sentAtMs: number;
  endedAtMs: number;
  /** All of the answer came. */
  isWhole: boolean;
}

export interface SoakLoad {
  /** Calls that were answered, whole or not; refusals are counted only. */
  readonly calls: readonly SoakCall[];
  readonly refusals: ReadonlyMap<number, number>;
  /** Whole answers in each second since the start. */
  readonly perSecond: readonly number[];
  /** What the upstream billed, by the session of the call. */
  billedOf(session: string): bigint | undefined;
  stop(): Promise<void>;
}

export interface SoakLoadOptions {
  api: ListeningApi;
  places: readonly SoakPlace[];
  callers: readonly Caller[];
  jsonLanes: number;
  streamLanes: number;
  /** A lane rests so long after each call. */
  restMs: number;
}

const SESSION = 'x-claude-code-session-id';

/** Clients that call without end, JSON and streams, each time at any place that serves, as a load balancer would send them. */
export function startSoakLoad(options: SoakLoadOptions): SoakLoad {
  const { api, places, callers, restMs } = options;
  const startedMs = performance.now();
  const agent = new Agent({ connections: 64, keepAliveTimeout: 1_000, bodyTimeout: 60_000 });
  const calls: SoakCall[] = [];
  const refusals = new Map<number, number>();
  const perSecond: number[] = [];
  const bills = watchBills(api);
  let number = 0;
  let isStopped = false;

  const send = async (stream: boolean): Promise<void> => {
    number += 1;
    const serving = places.filter(({ publicUrl }) => publicUrl !== undefined);
    const place = serving[number % Math.max(1, serving.length)];
    // No account has a place of its own.
    const caller = callers[Math.floor(number / 7) % callers.length] as Caller;
    if (place?.publicUrl === undefined) return;
    const session = `soak-${number}`;
    const call: SoakCall = { session, place, sentAtMs: performance.now(), endedAtMs: 0, isWhole: false };
    try {
      const { statusCode, body } = await request(`${place.publicUrl}/v1/messages`, {
        method: 'POST',
        dispatcher: agent,
        headers: {
          'x-api-key': caller.secret,
          'content-type': 'application/json',
          'anthropic-version': '2023-06-01',
          [SESSION]: session,
        },
        body: bodyOf(number, stream),
      });
      const text = await body.text();
      call.isWhole = statusCode === 200 && (!stream || text.includes('event: message_stop'));
      if (statusCode !== 200) refusals.set(statusCode, (refusals.get(statusCode) ?? 0) + 1);
    } catch {
      refusals.set(0, (refusals.get(0) ?? 0) + 1);
    }
    call.endedAtMs = performance.now();
    calls.push(call);
    const second = Math.floor((call.endedAtMs - startedMs) / 1_000);
    while (perSecond.length <= second) perSecond.push(0);
    if (call.isWhole) perSecond[second] = (perSecond[second] ?? 0) + 1;
  };
  const lane = async (stream: boolean): Promise<void> => {
    while (!isStopped) {
      await send(stream);
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  };
  const lanes = [
    ...Array.from({ length: options.jsonLanes }, () => lane(false)),
    ...Array.from({ length: options.streamLanes }, () => lane(true)),
  ];
  return {
    calls,
    refusals,
    perSecond,
    billedOf: (session) => bills.get(session),
    async stop() {
      isStopped = true;
      await Promise.all(lanes);
      await agent.close();
    },
  };
}

function bodyOf(number: number, stream: boolean): string {
  const content = `Call ${number}: how far is it to the next gate?`;
  return JSON.stringify({ model: 'claude-haiku-4-5', max_tokens: 120, stream, messages: [{ role: 'user', content }] });
}

/** Notes each call's bill as it is made. */
function watchBills(api: ListeningApi): Map<string, bigint> {
  const bills = new Map<string, bigint>();
  const takeNext = (): void => {
    void api.nextRequest('/v1/messages').then((call) => {
      takeNext();
      const session = String(call.request.headers[SESSION]);
      void call.billed.then((entry) => {
        bills.set(session, (bills.get(session) ?? 0n) + (entry?.amountNanoUsd ?? 0n));
      });
    });
  };
  takeNext();
  return bills;
}
