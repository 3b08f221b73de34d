import { isIP } from 'node:net';
import { limitsTable } from './limits-table.ts';
import type { Limits, Settings } from './settings.ts';

/** A rule between settings. It is not asked where one of its settings is itself a problem. */
interface Rule {
  names: readonly string[];
  broken: boolean;
  problem: string;
}

/**
 * Rules between settings, each good by itself where `isSound` says so of its name.
 * Answers a sentence per rule that is broken.
 */
export function checkSettings(
  settings: Settings,
  ownAddresses: readonly string[],
  isSound: (name: string) => boolean,
): string[] {
  const rules = [
    ...listenerRules(settings),
    ...upstreamRules(settings, ownAddresses),
    ...storeRules(settings),
    ...limitRules(settings.limits),
  ];
  return rules.filter(({ names, broken }) => broken && names.every(isSound)).map(({ problem }) => problem);
}

function listenerRules({ host, port, adminHost, adminPort }: Settings): Rule[] {
  const sameHost = host === adminHost || isWildcard(host) || isWildcard(adminHost);
  return [
    {
      names: ['HOST', 'PORT', 'ADMIN_HOST', 'ADMIN_PORT'],
      broken: sameHost && port === adminPort && port !== 0,
      problem: `ADMIN_PORT: is the public listener's port ${port} on the same address`,
    },
  ];
}

/** A call forwarded to ourselves would be admitted and forwarded again, without an end. */
function upstreamRules(settings: Settings, ownAddresses: readonly string[]): Rule[] {
  const url = new URL(settings.upstreamBaseUrl);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const host = plainHost(url.hostname);
  const listeners = [
    { label: 'public', host: plainHost(settings.host), port: settings.port, names: ['HOST', 'PORT'] },
    {
      label: 'admin',
      host: plainHost(settings.adminHost),
      port: settings.adminPort,
      names: ['ADMIN_HOST', 'ADMIN_PORT'],
    },
  ];
  return listeners.map((listener) => ({
    names: ['UPSTREAM_BASE_URL', ...listener.names],
    broken: listener.port === port && reaches(host, listener.host, ownAddresses),
    problem: `UPSTREAM_BASE_URL: is our own ${listener.label} listener; calls would go round in a circle`,
  }));
}

/** Whether a call to `host` arrives at a listener bound to `bound`, as far as names tell without asking DNS. */
function reaches(host: string, bound: string, ownAddresses: readonly string[]): boolean {
  if (host === bound || (isLoopback(host) && isLoopback(bound))) return true;
  const isOurs = isLoopback(host) || isWildcard(host) || ownAddresses.includes(host);
  return isOurs && (isWildcard(bound) || (isWildcard(host) && isLoopback(bound)));
}

function storeRules(settings: Settings): Rule[] {
  const { workers, redisUrl, alertWebhookUrl, alertWebhookSecret, exportHttpUrl, exportHttpToken } = settings;
  const { smtpUrl, smtpFrom } = settings;
  return [
    {
      names: ['EXPORT_HTTP_URL', 'EXPORT_HTTP_TOKEN'],
      broken: exportHttpToken !== undefined && exportHttpUrl === undefined,
      problem: 'EXPORT_HTTP_URL: is needed with EXPORT_HTTP_TOKEN',
    },
    {
      names: ['WORKERS', 'REDIS_URL'],
      broken: workers !== 1 && redisUrl === undefined,
      problem: 'WORKERS: more than one process needs REDIS_URL, since the embedded store serves one',
    },
    {
      names: ['ALERT_WEBHOOK_URL', 'ALERT_WEBHOOK_SECRET'],
      broken: alertWebhookUrl !== undefined && alertWebhookSecret === undefined,
      problem: 'ALERT_WEBHOOK_SECRET: is needed with ALERT_WEBHOOK_URL, since alerts are signed',
    },
    {
      names: ['SMTP_URL', 'SMTP_FROM'],
      broken: smtpUrl !== undefined && smtpFrom === undefined,
      problem: 'SMTP_FROM: is needed with SMTP_URL, since mail has a sender',
    },
    {
      names: ['RELOAD_WEBHOOK_URL', 'RELOAD_WEBHOOK_SECRET'],
      broken: settings.reloadWebhookUrl !== undefined && settings.reloadWebhookSecret === undefined,
      problem: 'RELOAD_WEBHOOK_SECRET: is needed with RELOAD_WEBHOOK_URL, since requests for payment are signed',
    },
  ];
}

/** The pairs of limits of which the first may not be above the second. */
function limitRules(limits: Limits): Rule[] {
  const pairs: [smaller: keyof Limits, larger: keyof Limits][] = [
    ['messagesBodyBytes', 'inflatedBodyBytes'],
    ['callsPerKey', 'callsPerAccount'],
    ['headersTimeoutMs', 'requestTimeoutMs'],
    ['upstreamFirstByteMs', 'callTotalMs'],
    ['upstreamSilenceMs', 'callTotalMs'],
  ];
  const heartbeatNames = [limitsTable.holdHeartbeatMs.name, limitsTable.holdLeaseMs.name];
  return [
    ...pairs.map(([smaller, larger]) => ({
      names: [limitsTable[smaller].name, limitsTable[larger].name],
      broken: limits[smaller] > limits[larger],
      problem: `${limitsTable[smaller].name}: ${limits[smaller]} is above ${limitsTable[larger].name}, which is ${limits[larger]}`,
    })),
    {
      names: heartbeatNames,
      broken: limits.holdHeartbeatMs * 2 > limits.holdLeaseMs,
      problem: `${heartbeatNames[0]}: is more than half of ${heartbeatNames[1]}, so that one lost heartbeat would end a hold`,
    },
  ];
}

function plainHost(host: string): string {
  return host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.');
  return host === '::1' || host.startsWith('::ffff:7f') || host === 'localhost' || host.endsWith('.localhost');
}
