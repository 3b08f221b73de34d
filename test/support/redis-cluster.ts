import { findFreePort } from './free-port.ts';
import { sendRedisLine } from './redis-ping.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { until } from './until.ts';

/** A real Redis Cluster of three primaries, each in a process of its own. */
export interface RedisCluster extends AsyncDisposable {
  /** `redis+cluster://127.0.0.1:<port>,...` of all nodes. */
  readonly url: string;
  /** The nodes that began as primaries, by their thirds of the slots. */
  readonly primaries: readonly RedisServer[];
  /** One for each primary, in their order; none without the option. */
  readonly replicas: readonly RedisServer[];
  /** Empties every primary. */
  flush(): Promise<void>;
}

export interface RedisClusterOptions {
  /** A replica for each primary, which takes over when that one dies. */
  withReplicas?: boolean;
}

const PRIMARIES = 3;
const SLOTS = 16_384;
/** Short, so that a fail-over takes little more than a second. */
const NODE_TIMEOUT_MS = 600;

/** Starts the nodes, makes them one and resolves when every node takes every slot to be served. */
export async function startRedisCluster({ withReplicas = false }: RedisClusterOptions = {}): Promise<RedisCluster> {
  const count = withReplicas ? 2 * PRIMARIES : PRIMARIES;
  const nodes = await Promise.all(Array.from({ length: count }, startNode));
  const servers = nodes.map(({ server }) => server);
  const [primaries, replicas] = [servers.slice(0, PRIMARIES), servers.slice(PRIMARIES)];
  const stop = async (): Promise<void> => void (await Promise.all(servers.map((server) => server.stop())));
  try {
    await joinNodes(nodes, primaries);
    await Promise.all(replicas.map((replica, index) => follow(replica, primaries[index] as RedisServer)));
    await until(() => allAgree(servers), { what: 'the cluster is complete', timeoutMs: 20_000 });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `redis+cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    primaries,
    replicas,
    async flush() {
      for (const { socketPath } of primaries) await tell(socketPath, 'FLUSHALL');
    },
    [Symbol.asyncDispose]: stop,
  };
}

interface ClusterNode {
  server: RedisServer;
  busPort: number;
}

async function startNode(): Promise<ClusterNode> {
  // Left to itself a node takes its port and 10,000 more, among which outgoing connections may sit.
  const busPort = await findFreePort();
  const args = [
    ...['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`, '--cluster-announce-ip', '127.0.0.1'],
    ...['--cluster-node-timeout', `${NODE_TIMEOUT_MS}`, '--cluster-replica-validity-factor', '0'],
    ...['--repl-diskless-sync-delay', '0'],
  ];
  return { server: await startRedisServer({ args }), busPort };
}

async function joinNodes(nodes: readonly ClusterNode[], primaries: readonly RedisServer[]): Promise<void> {
  for (const [index, { socketPath }] of primaries.entries()) {
    const first = Math.floor((SLOTS * index) / PRIMARIES);
    const last = Math.floor((SLOTS * (index + 1)) / PRIMARIES) - 1;
    await tell(socketPath, `CLUSTER ADDSLOTSRANGE ${first} ${last}`);
    await tell(socketPath, `CLUSTER SET-CONFIG-EPOCH ${index + 1}`);
  }
  const [first, ...others] = nodes;
  for (const { server, busPort } of others)
    await tell(first?.server.socketPath ?? '', `CLUSTER MEET 127.0.0.1 ${server.port} ${busPort}`);
  await until(() => allKnow(nodes), { what: 'every node knows every other', timeoutMs: 20_000 });
}

async function allKnow(nodes: readonly ClusterNode[]): Promise<boolean> {
  const infos = await Promise.all(nodes.map(({ server }) => sendRedisLine(server.socketPath, 'CLUSTER INFO')));
  return infos.every((info) => info.includes(`cluster_known_nodes:${nodes.length}\r\n`));
}

async function follow(replica: RedisServer, primary: RedisServer): Promise<void> {
  const reply = await sendRedisLine(primary.socketPath, 'CLUSTER MYID');
  const id = reply.split('\r\n')[1] ?? '';
  await until(async () => (await sendRedisLine(replica.socketPath, `CLUSTER REPLICATE ${id}`)).startsWith('+OK'), {
    what: 'a replica follows its primary',
  });
}

async function allAgree(servers: readonly RedisServer[]): Promise<boolean> {
  const replies = servers.flatMap(({ socketPath }) => [
    sendRedisLine(socketPath, 'CLUSTER INFO').then((info) => info.includes('cluster_state:ok')),
    sendRedisLine(socketPath, 'INFO replication').then(
      (info) => !info.includes('role:slave') || info.includes('master_link_status:up'),
    ),
  ]);
  return (await Promise.all(replies)).every(Boolean);
}

async function tell(socketPath: string, line: string): Promise<void> {
  const reply = await sendRedisLine(socketPath, line);
  if (!reply.startsWith('+OK')) throw new Error(`${line}: ${reply}`);
}
