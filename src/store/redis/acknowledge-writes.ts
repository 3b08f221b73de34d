import { type Ledger, LedgerUnacknowledged, LedgerUnavailable } from '../../ledger/ledger.ts';
import type { RedisClient } from './connect-redis.ts';
import { readInfo } from './read-info.ts';
import { ledgerKeys, ledgerTag } from './redis-keys.ts';

const AWAITED = [
  ...(['openAccount', 'setPolicy', 'closeAccount', 'grant', 'voidGrant', 'refund', 'correct'] as const),
  // Nobody is asked to pay for a request that a fail-over could take back.
  ...(['setReload', 'requestReload', 'answerReload', 'claimReload'] as const),
] as const;
type Awaited = (typeof AWAITED)[number];

export interface AcknowledgeWritesOptions {
  /**
   * A connection of its own, since waiting keeps one busy, that does not send a command again by itself: a wait on
   * another connection than its write's waits for nothing. Stays the caller's to close.
   */
  client: RedisClient;
  /** The ledger on this very client: another one could still be connected to a primary that was deposed. */
  writes: Pick<Ledger, Awaited>;
  /** Replicas that have to have a write before it counts; `auto`: one, where there is any. */
  replicas: number | 'auto';
  /** How long a write waits for its replicas; half a second unless given. */
  timeoutMs?: number;
}

/** What must have a write. */
export type Safety = { kind: 'replicas'; count: number } | { kind: 'file' } | { kind: 'none' };

const REPLICAS_TIMEOUT_MS = 500;
/** With `appendfsync everysec` the file may take a second. */
const FILE_TIMEOUT_MS = 2_000;

/**
 * The same ledger, whose administrative writes are answered when a replica has them, or, where there is none, when
 * they are in the file. Calls are not kept waiting: what is lost of them is sent again.
 *
 * A repeated write changes nothing and so has nothing to wait for; hence a small write of our own follows each, and that
 * one is waited for: replication keeps the order. That one server did all of it, and did not lose it by a restart in
 * between, is seen by its replication id and its run id.
 * @throws LedgerUnacknowledged from these writes; sent again with the same ids they wait again.
 */
export function acknowledgeWrites(ledger: Ledger, options: AcknowledgeWritesOptions): Ledger {
  const awaited = <Command extends { accountId: string }, Reply>(write: (command: Command) => Promise<Reply>) => {
    return async (command: Command): Promise<Reply> => {
      const fence = ledgerKeys.fence(ledgerTag(command.accountId));
      const before = await readPrimary(options.client, fence);
      const reply = await write(command);
      await awaitFence(options, fence, before);
      return reply;
    };
  };
  const { writes } = options;
  return {
    ...ledger,
    ...(Object.fromEntries(AWAITED.map((name) => [name, awaited(writes[name] as never)])) as Pick<Ledger, Awaited>),
  };
}

/**
 * Chooses by what INFO says of the primary. WAITAOF came with 7.2.
 * @param fsync undefined where it may not be asked for. A file that is not synced would be waited for in vain.
 */
export function chooseSafety(
  info: ReadonlyMap<string, string>,
  fsync: string | undefined,
  replicas: number | 'auto',
): Safety {
  const count = replicas === 'auto' ? Math.min(1, Number(info.get('connected_slaves') ?? 0)) : replicas;
  if (count > 0) return { kind: 'replicas', count };
  const [major = 0, minor = 0] = (info.get('redis_version') ?? '').split('.').map(Number);
  const canWait = major > 7 || (major === 7 && minor >= 2);
  const isSynced = fsync === 'everysec' || fsync === 'always';
  return canWait && isSynced && info.get('aof_enabled') === '1' ? { kind: 'file' } : { kind: 'none' };
}

interface Primary {
  info: ReadonlyMap<string, string>;
  /** Undefined where CONFIG is forbidden. */
  fsync: string | undefined;
}

/** The primary that has this key: commands of one pipeline go to one node. */
async function readPrimary(client: RedisClient, key: string): Promise<Primary> {
  try {
    const answers = (await client.pipeline().exists(key).info().config('GET', 'appendfsync').exec()) ?? [];
    const [, info] = takeAnswers(answers.slice(0, 2));
    const [, setting] = answers[2] ?? [];
    return { info: readInfo(String(info)), fsync: Array.isArray(setting) ? String(setting[1]) : undefined };
  } catch (cause) {
    throw new LedgerUnavailable('Redis does not say who its primary is', { cause });
  }
}

async function awaitFence(options: AcknowledgeWritesOptions, fence: string, before: Primary): Promise<void> {
  const { client, replicas, timeoutMs = REPLICAS_TIMEOUT_MS } = options;
  const safety = chooseSafety(before.info, before.fsync, replicas);
  if (safety.kind === 'none') return;
  const pipeline = client.pipeline().set(fence, '');
  if (safety.kind === 'replicas') pipeline.wait(safety.count, timeoutMs);
  else pipeline.call('WAITAOF', '1', '0', `${FILE_TIMEOUT_MS}`);
  let answers: unknown[];
  try {
    answers = takeAnswers((await pipeline.info().exec()) ?? []);
  } catch (cause) {
    throw new LedgerUnacknowledged('the write was made, and whether it is safe is not known', { cause });
  }
  const [, waited, info] = answers;
  const after = readInfo(String(info));
  const isSame = ['run_id', 'master_replid'].every((name) => after.get(name) === before.info.get(name));
  const reached = Number(Array.isArray(waited) ? waited[0] : waited);
  if (!isSame) throw new LedgerUnacknowledged('the primary changed while the write was made');
  if (reached >= (safety.kind === 'replicas' ? safety.count : 1)) return;
  throw new LedgerUnacknowledged(
    safety.kind === 'replicas'
      ? `${reached} of ${safety.count} replicas (REDIS_WAIT_REPLICAS) had a write within ${timeoutMs} ms; ` +
          `Redis has ${Number(after.get('connected_slaves') ?? 0)} connected`
      : `a write was not in the append-only file within ${FILE_TIMEOUT_MS} ms`,
  );
}

/** The answers, in order. @throws the first error among them. */
function takeAnswers(answers: readonly [Error | null, unknown][]): unknown[] {
  return answers.map(([error, answer]) => {
    if (error !== null) throw error;
    return answer;
  });
}
