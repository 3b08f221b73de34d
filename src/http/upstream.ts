import { buildConnector, Client } from 'undici';
import type { Limits } from '../config/settings.ts';
import type { Timers } from '../metering/timers.ts';
import { type ConnectionSlots, createConnectionSlots } from './connection-slots.ts';
import { createUpstreamClients, type UpstreamClients } from './upstream-clients.ts';

/** The Claude API, as the forwarder reaches it. */
export interface Upstream {
  /** Scheme, host and port. */
  origin: string;
  /** Path in front of the API's own paths, without a slash at its end; normally empty. */
  basePath: string;
  apiKey: string;
  /** To be taken by who has a slot, and given back before it. */
  clients: UpstreamClients;
  slots: ConnectionSlots;
  /** Breaks every connection off. */
  close(): Promise<void>;
}

export interface UpstreamOptions {
  baseUrl: string;
  apiKey: string;
  limits: Pick<
    Limits,
    'upstreamConnections' | 'upstreamConnectTimeoutMs' | 'upstreamQueueMs' | 'upstreamFirstByteMs' | 'upstreamSilenceMs'
  >;
  timers: Timers;
  /** Certificates trusted besides the system's (PEM), for an upstream behind a private authority. */
  certificateAuthority?: string;
}

const QUEUE_MAX = 1_024;
const IDLE_CONNECTION_MS = 30_000;

export function createUpstream(options: UpstreamOptions): Upstream {
  const { limits, timers } = options;
  const url = new URL(options.baseUrl);
  const clients = createUpstreamClients(prepareClients(new URL(url.origin), options));
  return {
    origin: url.origin,
    basePath: url.pathname.replace(/\/+$/, ''),
    apiKey: options.apiKey,
    clients,
    slots: createConnectionSlots({
      slots: limits.upstreamConnections,
      queueMs: limits.upstreamQueueMs,
      queueMax: QUEUE_MAX,
      timers,
    }),
    close: () => clients.destroy(),
  };
}

function prepareClients(origin: URL, { limits, certificateAuthority }: UpstreamOptions): () => Client {
  // One connector for all, so that they share the TLS sessions.
  const connect = buildConnector({
    allowH2: false,
    timeout: limits.upstreamConnectTimeoutMs,
    // Said aloud, for the proxy libraries of this field switch it off.
    rejectUnauthorized: true,
    ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }),
  });
  return () =>
    new Client(origin, {
      connect,
      // One request per connection at a time, and HTTP/1.1: with HTTP/2 every stream would share one connection's window.
      pipelining: 1,
      allowH2: false,
      // Both default to 300 s, less than a long call needs.
      headersTimeout: limits.upstreamFirstByteMs,
      bodyTimeout: limits.upstreamSilenceMs,
      keepAliveTimeout: IDLE_CONNECTION_MS,
      keepAliveMaxTimeout: IDLE_CONNECTION_MS,
    });
}
