import type { Dispatcher } from 'undici';
import type { Limits } from '../config/settings.ts';
import type { Timers } from '../metering/timers.ts';
import type { Upstream } from './upstream.ts';

/** No upstream connection came free in time. */
export class UpstreamBusy extends Error {
  readonly code = 'UPSTREAM_BUSY';
  override readonly name = 'UpstreamBusy';
}

/** The request's longest life passed before its answer began. */
export class UpstreamExpired extends Error {
  readonly code = 'UPSTREAM_EXPIRED';
  override readonly name = 'UpstreamExpired';
}

type Callback = (error: Error | null, data: Dispatcher.ResponseData) => void;

/**
 * Our agent as @fastify/http-proxy asks for it, with the wait for a connection bounded and shared with the metered
 * calls: the agent's own queue has no bound.
 */
export function createFreeRouteClient(
  upstream: Upstream,
  limits: Pick<Limits, 'upstreamFirstByteMs' | 'upstreamSilenceMs' | 'callTotalMs'>,
  timers: Timers,
): { request(options: Dispatcher.RequestOptions, callback: Callback): void } {
  const send = async (options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> => {
    const slot = await upstream.slots.acquire();
    if (slot === undefined) throw new UpstreamBusy('no upstream connection came free in time');
    const expired = new AbortController();
    const cancelTotal = timers.after(limits.callTotalMs, () => expired.abort(new UpstreamExpired('took too long')));
    const end = (): void => {
      cancelTotal();
      slot.release();
    };
    try {
      const data = await upstream.agent.request({
        ...options,
        origin: upstream.origin,
        headersTimeout: limits.upstreamFirstByteMs,
        bodyTimeout: limits.upstreamSilenceMs,
        signal: expired.signal,
      });
      data.body.once('close', end);
      return data;
    } catch (error) {
      end();
      throw error;
    }
  };
  return {
    request(options, callback) {
      send(options).then(
        (data) => callback(null, data),
        (error: Error) => callback(error, undefined as never),
      );
    },
  };
}
