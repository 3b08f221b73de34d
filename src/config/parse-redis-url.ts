export interface RedisHost {
  host: string;
  port: number;
}

interface RedisAccess {
  username?: string;
  password?: string;
  /** Encrypted, the server's certificate verified. */
  tls: boolean;
}

/** Where Redis is, in one of the four forms it is run in. */
export type RedisAddress =
  | (RedisAccess & { kind: 'server'; host: string; port: number; db: number })
  | (RedisAccess & { kind: 'socket'; path: string; db: number })
  | (RedisAccess & { kind: 'cluster'; nodes: RedisHost[] })
  | (RedisAccess & {
      kind: 'sentinel';
      sentinels: RedisHost[];
      masterName: string;
      db: number;
      /** What the sentinels themselves ask for. User and password of the URL are those of the servers. */
      sentinelUsername?: string;
      sentinelPassword?: string;
    });

/** The message names what is wrong and never holds the URL, which may carry a password. */
export class RedisUrlInvalid extends Error {
  readonly code = 'REDIS_URL_INVALID';
  override readonly name = 'RedisUrlInvalid';
}

const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;
const URL_PATTERN = /^(rediss?)(?:\+(cluster|sentinel))?:\/\/(?:([^@/?]*)@)?([^/?#@]*)(\/[^?#]*)?(\?[^#]*)?$/;
const SOCKET_PATTERN = /^(?:(?:redis\+)?unix:\/\/)?(\/[^?#]+)(?:\?db=(\d{1,3}))?$/;
const HOST_PATTERN = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/;

/**
 * Reads a REDIS_URL:
 * `redis://[user:password@]host[:port][/db]`, `rediss://...` (TLS), `/path/to/socket[?db=n]` or `unix:///path...`,
 * `redis+cluster://h1:p1,h2:p2`, `redis+sentinel://h1:p1,h2:p2/master-name[/db]`, both also as `rediss+...`.
 * After a sentinel URL, `?sentinel-username=...&sentinel-password=...` are what the sentinels ask for.
 * @throws RedisUrlInvalid for any other text.
 */
export function parseRedisUrl(text: string): RedisAddress {
  const socket = SOCKET_PATTERN.exec(text);
  if (socket?.[1] !== undefined) return { kind: 'socket', path: socket[1], db: Number(socket[2] ?? 0), tls: false };
  const match = URL_PATTERN.exec(text);
  if (match === null) {
    throw new RedisUrlInvalid(
      'REDIS_URL has to begin with redis://, rediss://, redis+cluster://, redis+sentinel:// or / (a socket), ' +
        'and takes no query but for sentinels; characters such as @ and / in a password are written as %40 and %2F',
    );
  }
  const [, scheme, form, user, hosts = '', path = '', query = ''] = match;
  const access = { ...parseUser(user), tls: scheme === 'rediss' };
  if (form === 'sentinel') return { ...parseSentinel(access, hosts, path), ...parseSentinelAccess(query) };
  if (query !== '') throw new RedisUrlInvalid('REDIS_URL takes a query for sentinels and sockets only');
  if (form === 'cluster') return parseCluster(access, hosts, path);
  const [host, ...rest] = parseHosts(hosts, REDIS_PORT);
  if (host === undefined || rest.length > 0)
    throw new RedisUrlInvalid('REDIS_URL names several hosts; say redis+cluster:// or redis+sentinel://');
  return { kind: 'server', ...access, ...host, db: parseDb(path.slice(1)) };
}

function parseCluster(access: RedisAccess, hosts: string, path: string): RedisAddress {
  if (path !== '' && path !== '/') throw new RedisUrlInvalid('REDIS_URL: a cluster has one database, without a number');
  return { kind: 'cluster', ...access, nodes: parseHosts(hosts, REDIS_PORT) };
}

function parseSentinel(access: RedisAccess, hosts: string, path: string): Extract<RedisAddress, { kind: 'sentinel' }> {
  const [masterName = '', db = '', ...rest] = path.slice(1).split('/');
  if (masterName === '' || rest.length > 0) {
    throw new RedisUrlInvalid('REDIS_URL: redis+sentinel://host:port,.../master-name[/db] needs the master name');
  }
  const sentinels = parseHosts(hosts, SENTINEL_PORT);
  return { kind: 'sentinel', ...access, sentinels, masterName: decode(masterName), db: parseDb(db) };
}

function parseSentinelAccess(query: string): { sentinelUsername?: string; sentinelPassword?: string } {
  const access: { sentinelUsername?: string; sentinelPassword?: string } = {};
  for (const part of query.slice(1).split('&').filter(Boolean)) {
    const [, name, value = ''] = /^sentinel-(username|password)=([^=]+)$/.exec(part) ?? [];
    if (name === undefined) {
      throw new RedisUrlInvalid('REDIS_URL: sentinels take ?sentinel-username=...&sentinel-password=... and no more');
    }
    access[name === 'username' ? 'sentinelUsername' : 'sentinelPassword'] = decode(value);
  }
  return access;
}

function parseUser(user: string | undefined): Pick<RedisAccess, 'username' | 'password'> {
  if (user === undefined || user === '') return {};
  const colon = user.indexOf(':');
  const username = decode(colon < 0 ? user : user.slice(0, colon));
  const password = colon < 0 ? undefined : decode(user.slice(colon + 1));
  return { ...(username === '' ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

function parseHosts(text: string, defaultPort: number): RedisHost[] {
  return text.split(',').map((part) => {
    const [, host, port] = HOST_PATTERN.exec(part) ?? [];
    const number = Number(port ?? defaultPort);
    if (host === undefined || number < 1 || number > 65_535)
      throw new RedisUrlInvalid('REDIS_URL: a host is missing or has a wrong port');
    return { host: host.replace(/^\[|\]$/g, ''), port: number };
  });
}

function parseDb(text: string): number {
  if (!/^\d{0,3}$/.test(text)) throw new RedisUrlInvalid('REDIS_URL: the database is a number');
  return Number(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new RedisUrlInvalid('REDIS_URL: a % in user or password has to be written %25', { cause: error });
  }
}

/** The address for messages and logs, without user and password. */
export function describeRedisAddress(address: RedisAddress): string {
  const join = (hosts: RedisHost[]): string => hosts.map(({ host, port }) => `${host}:${port}`).join(',');
  if (address.kind === 'socket') return address.path;
  if (address.kind === 'cluster') return `cluster ${join(address.nodes)}`;
  if (address.kind === 'sentinel') return `${address.masterName} of sentinels ${join(address.sentinels)}`;
  return `${address.host}:${address.port}`;
}
