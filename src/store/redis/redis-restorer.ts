import type { ChainableCommander } from 'ioredis';
import type { AccountBooks } from '../../domain/credit/account-books.ts';
import { type AccountRestorer, type ExportedAccount, readRememberedEnd } from '../../ledger/account-restorer.ts';
import { cellEndMs } from '../../ledger/journal-fold.ts';
import type { RedisClient } from './connect-redis.ts';
import { ledgerKeys, ledgerScriptKeys, ledgerTag, readyKey } from './redis-keys.ts';
import { createRedisLedgerContext, type RedisLedgerContext } from './redis-ledger-context.ts';
import { writeReload } from './reload-records.ts';
import { writeAccount, writeEntry, writeGrant, writeHold } from './write-records.ts';

/** Commands sent at a time. */
const BATCH = 500;
/** What an interrupted restore leaves behind is gone after this. */
const READY_LIFE_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const ENDED_HOLDS_LIFE_MS = 72 * HOUR_MS;

/**
 * Puts accounts into Redis. All that may be long is laid ready under other names on the same slot, page by page; one
 * script then looks at the account's sequence and renames. `client` stays the caller's to close.
 */
export function createRedisRestorer(client: RedisClient): AccountRestorer {
  const context = createRedisLedgerContext(client);
  return {
    async restore(account, presentSequence) {
      const targets = await layReady(context, account);
      return putInPlace(context, account, presentSequence, targets);
    },
  };
}

type Command = (pipeline: ChainableCommander) => unknown;

/** @returns what is to be renamed and how long it lives from then on; undefined: for ever. */
async function layReady(
  context: RedisLedgerContext,
  account: ExportedAccount,
): Promise<Map<string, number | undefined>> {
  const { books } = account.fold;
  const { accountId, lastMs } = books;
  const targets = new Map<string, number | undefined>();
  for (const keyOf of ['journal', 'holds', 'cells', 'cellEnds', 'refunds', 'reload'] as const)
    targets.set(ledgerKeys[keyOf](accountId), undefined);
  const grants = ledgerKeys.liveGrants(accountId);
  await send(context, [...targets.keys(), grants].map(removeReady));
  await sendAll(context, stateCommands(account));
  const entries = account.entries;
  await sendAll(context, journalCommands(ledgerKeys.journal(accountId), entries));
  await sendAll(
    context,
    (function* (): Iterable<Command> {
      for (const entry of entries) {
        const end = readRememberedEnd(entry, lastMs);
        if (end === undefined) continue;
        const key = ledgerKeys.endedHolds(accountId, end.idMs);
        if (!targets.has(key)) {
          const endMs = (Math.floor(end.idMs / HOUR_MS) + 1) * HOUR_MS + ENDED_HOLDS_LIFE_MS;
          targets.set(key, Math.max(endMs - lastMs, HOUR_MS));
          yield removeReady(key);
          // How holds ended that the export does not tell of stays known.
          yield (pipeline) => pipeline.copy(key, readyKey(key));
        }
        const { state, amountNanoUsd, atMs } = end.tombstone;
        yield (pipeline) => pipeline.hset(readyKey(key), end.holdId, `${state};${amountNanoUsd};${atMs}`);
      }
    })(),
  );
  await send(
    context,
    [...targets.keys(), grants].map((key) => (pipeline) => pipeline.pexpire(readyKey(key), READY_LIFE_MS)),
  );
  return targets;
}

const removeReady =
  (key: string): Command =>
  (pipeline) =>
    pipeline.del(readyKey(key));

function* stateCommands({ fold }: ExportedAccount): Iterable<Command> {
  const { books } = fold;
  const keyOf = (name: 'liveGrants' | 'holds' | 'cells' | 'cellEnds' | 'refunds' | 'reload'): string =>
    readyKey(ledgerKeys[name](books.accountId));
  for (const grant of books.grants.values())
    yield (pipeline) => pipeline.hset(keyOf('liveGrants'), grant.grantId, writeGrant(grant));
  for (const hold of books.holds.values())
    yield (pipeline) => pipeline.hset(keyOf('holds'), hold.holdId, writeHold(hold));
  for (const [key, { used, held }] of books.cells) {
    yield (pipeline) => pipeline.hset(keyOf('cells'), key, `${used};${held}`);
    const endMs = cellEndMs(fold, key);
    if (endMs !== undefined) yield (pipeline) => pipeline.zadd(keyOf('cellEnds'), endMs, key);
  }
  yield (pipeline) => pipeline.hset(keyOf('reload'), writeReload(books.reload));
  for (const [refundId, { holdId, amountNanoUsd }] of books.refunds)
    yield (pipeline) => pipeline.hset(keyOf('refunds'), `refund|${refundId}`, `${holdId};${amountNanoUsd}`);
  for (const [holdId, amountNanoUsd] of books.refunded)
    yield (pipeline) => pipeline.hset(keyOf('refunds'), `hold|${holdId}`, `${amountNanoUsd}`);
}

function* journalCommands(key: string, entries: ExportedAccount['entries']): Iterable<Command> {
  for (const entry of entries)
    yield (pipeline) => pipeline.xadd(readyKey(key), `${entry.sequence}-0`, ...writeEntry(entry));
}

function putInPlace(
  { run }: RedisLedgerContext,
  { fold: { books }, snapshot, entries }: ExportedAccount,
  presentSequence: number,
  targets: ReadonlyMap<string, number | undefined>,
): Promise<'restored' | 'changed'> {
  const { accountId } = books;
  const tag = ledgerTag(accountId);
  const keys = [
    ...ledgerScriptKeys(accountId),
    ...[ledgerKeys.refunds(accountId), ledgerKeys.snapshot(accountId)],
    ...[ledgerKeys.exported(tag), ledgerKeys.trimmed(tag), ledgerKeys.trimDue(tag)],
    readyKey(ledgerKeys.liveGrants(accountId)),
    ...[ledgerKeys.reload(accountId), ledgerKeys.dueReloads(tag)],
    ...[...targets.keys()].flatMap((key) => [readyKey(key), key]),
  ];
  const args = [
    ...[accountId, '', `${presentSequence}`, JSON.stringify(writeAccount(books, findLastEffectMs(books)))],
    ...[snapshot?.books ?? '', `${snapshot?.sequence ?? 0}`, firstInstant(entries)],
    ...[...targets.values()].map((lifeMs) => `${lifeMs ?? ''}`),
  ];
  return run('tollgateRestoreAccount', keys, args, ([word]) => (word === 'restored' ? 'restored' : 'changed'));
}

function findLastEffectMs({ grants }: AccountBooks): number {
  let last = 0;
  for (const { effectiveAtMs } of grants.values()) last = Math.max(last, effectiveAtMs);
  return last;
}

function firstInstant(entries: ExportedAccount['entries']): string {
  for (const { atMs } of entries) return `${atMs}`;
  return '';
}

async function sendAll(context: RedisLedgerContext, commands: Iterable<Command>): Promise<void> {
  let batch: Command[] = [];
  for (const command of commands) {
    batch.push(command);
    if (batch.length < BATCH) continue;
    await send(context, batch);
    batch = [];
  }
  await send(context, batch);
}

async function send({ ask }: RedisLedgerContext, commands: readonly Command[]): Promise<void> {
  if (commands.length === 0) return;
  await ask(
    async (client) => {
      const pipeline = client.pipeline();
      for (const command of commands) command(pipeline);
      const replies = (await pipeline.exec()) ?? [];
      for (const [fault] of replies) if (fault !== null) throw fault;
    },
    () => undefined,
  );
}
