import { AsyncLocalStorage } from 'node:async_hooks';
import type { Dispatcher } from 'undici';
import type { Limits } from '../config/settings.ts';
import type { Timers } from '../metering/timers.ts';
import type { Upstream } from './upstream.ts';

/** No upstream connection came free in time. */
export class UpstreamBusy extends Error {
  readonly code = 'UPSTREAM_BUSY';
  override readonly name = 'UpstreamBusy';
}

/** The request's longest life passed before its answer began, or that of an error before its end. */
export class UpstreamExpired extends Error {
  readonly code = 'UPSTREAM_EXPIRED';
  override readonly name = 'UpstreamExpired';
}

type Callback = (error: Error | null, data: Dispatcher.ResponseData) => void;

/** As @fastify/http-proxy calls it, with the owner of the request where the caller can name it. */
export interface FreeRouteClient {
  request(options: Dispatcher.RequestOptions, callback: Callback, owner?: string): void;
}

/** Whom a request is for, around what cannot hand it over: between the route and here lies a library. */
export const freeRouteAsker = new AsyncLocalStorage<{ account: string; gone: AbortSignal }>();

/** Whose what we ask on nobody's behalf is. */
const OURSELVES = '';

/**
 * Our clients as @fastify/http-proxy asks for it, with the wait for a connection bounded and shared with the metered
 * calls: the queue of a client has no bound.
 */
export function createFreeRouteClient(
  upstream: Upstream,
  limits: Pick<Limits, 'upstreamFirstByteMs' | 'upstreamSilenceMs' | 'callTotalMs'>,
  timers: Timers,
): FreeRouteClient {
  const send = async (
    options: Dispatcher.RequestOptions,
    owner: string,
    gone?: AbortSignal,
  ): Promise<Dispatcher.ResponseData> => {
    const slot = await upstream.slots.acquire(owner, gone);
    if (slot === undefined) throw new UpstreamBusy('no upstream connection came free in time');
    const expired = new AbortController();
    const expire = (): void => expired.abort(new UpstreamExpired('took too long'));
    const cancelTotal = timers.after(limits.callTotalMs, expire);
    const client = upstream.clients.take();
    let cancelError: (() => void) | undefined;
    const end = (): void => {
      cancelTotal();
      cancelError?.();
      upstream.clients.giveBack(client);
      slot.release();
    };
    try {
      const data = await client.request({
        ...options,
        headersTimeout: limits.upstreamFirstByteMs,
        bodyTimeout: limits.upstreamSilenceMs,
        signal: gone === undefined ? expired.signal : AbortSignal.any([expired.signal, gone]),
      });
      data.body.once('close', end);
      // What an error says is short: one that goes on for longer than the upstream may be silent has no end.
      if (data.statusCode >= 300) cancelError = timers.after(limits.upstreamSilenceMs, expire);
      return data;
    } catch (error) {
      end();
      throw error;
    }
  };
  return {
    request(options, callback, owner) {
      const asker = freeRouteAsker.getStore();
      send(options, owner ?? asker?.account ?? OURSELVES, asker?.gone).then(
        (data) => callback(null, data),
        (error: Error) => callback(error, undefined as never),
      );
    },
  };
}
