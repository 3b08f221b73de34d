// Goal: writes that Redis acknowledged and then lost cost nobody money, once what was sent is sent again.
// Method: a real fail-over to a replica that had stopped following, and a real append-only file cut at many places. Every
// state Redis comes back with must satisfy every invariant; after the settles of the last two minutes are delivered
// again, the charges are exact.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { expectSoundBooks } from '../ledger/ledger-conformance.ts';
import { openFaultyLink } from '../support/faulty-link.ts';
import { sendRedisLine } from '../support/redis-ping.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';
import { createHistory, deliverAgain, makeHistory, type RecordedHistory } from './recorded-history.ts';

/** AOF_CUTS makes a longer run. */
const CUTS = Number(process.env.AOF_CUTS ?? 40);

async function openLedger(url: string): Promise<{ ledger: Ledger; close(): void }> {
  const client = await connectRedis({ url, commandTimeoutMs: 5_000, startTimeoutMs: 10_000, onFault: () => {} });
  return { ledger: createRedisLedger({ client }), close: () => client.disconnect() };
}

/** Charges are exact, nothing is held once the leases have ended, and the books are sound. */
async function expectExact(ledger: Ledger, { accountId, billedNanoUsd }: RecordedHistory): Promise<void> {
  await until(
    async () => {
      const holds = await ledger.readHolds(accountId);
      for (const { holdId } of holds) await ledger.reclaim({ accountId, holdId });
      return (await ledger.readHolds(accountId)).length === 0;
    },
    { what: 'no hold is open past its lease' },
  );
  expect(await ledger.readBalance(accountId)).toMatchObject({
    chargedNanoUsd: billedNanoUsd,
    heldNanoUsd: 0n,
    debtNanoUsd: 0n,
  });
  await expectSoundBooks(ledger, accountId, Date.now());
}

describe('writes that Redis lost', () => {
  test('a replica without the last ones is promoted: the sequence shows it, and delivery again makes it exact', {
    timeout: 60_000,
  }, async () => {
    const primary = await startRedisServer();
    onTestFinished(() => primary.stop());
    const replica = await startRedisServer({ args: ['--replicaof', `127.0.0.1 ${primary.port}`] });
    onTestFinished(() => replica.stop());
    const link = await openFaultyLink(primary.port);
    onTestFinished(() => link[Symbol.asyncDispose]());
    const { ledger, close } = await openLedger(link.url);
    onTestFinished(close);
    const history = createHistory();
    await makeHistory(ledger, history, 60);
    const followed = history.sequence;
    await until(() => hasFollowed(primary.socketPath), { what: 'the replica has followed' });

    // It stops following here: what comes now is acknowledged by the primary alone.
    await sendRedisLine(replica.socketPath, 'REPLICAOF NO ONE');
    await makeHistory(ledger, history, 60);
    await primary.kill();
    link.leadTo(replica.port);

    const regressed = await until(() => ledger.readBalance(history.accountId), {
      what: 'the promoted replica answers',
    });
    expect(regressed.sequence).toBeLessThan(history.sequence);
    expect(regressed.sequence).toBeGreaterThanOrEqual(followed);
    expect(regressed.chargedNanoUsd).toBeLessThan(history.billedNanoUsd);
    await expectSoundBooks(ledger, history.accountId, Date.now());

    const answers = await deliverAgain(ledger, history);
    expect(new Set(answers)).toEqual(new Set(['duplicate', 'late']));
    await expectExact(ledger, history);
    // And once more: nothing is charged twice.
    expect(new Set(await deliverAgain(ledger, history))).toEqual(new Set(['duplicate']));
    await expectExact(ledger, history);
  });

  test(`an append-only file cut at ${CUTS} places: every prefix is sound, and exact after delivery again`, {
    timeout: 120_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-aof-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const history = createHistory();
    const whole = join(folder, 'whole');
    cpSync(await recordFile(history), whole, { recursive: true });
    const { name, bytes } = findIncrement(whole);
    expect(bytes.length).toBeGreaterThan(CUTS * 200);

    const sequences: number[] = [];
    for (let cut = 0; cut < CUTS; cut += 1) {
      const place = join(folder, `${cut}`);
      cpSync(whole, join(place, 'appendonlydir'), { recursive: true });
      truncateSync(join(place, 'appendonlydir', name), findCut(bytes, cut));
      sequences.push(await expectPrefix(place, history));
      rmSync(place, { recursive: true, force: true });
    }
    // Longer files hold more; the cuts met many different states.
    expect(sequences).toEqual(sequences.toSorted((left, right) => left - right));
    expect(new Set(sequences).size).toBeGreaterThan(Math.min(CUTS, history.sequence) / 2);
  });
});

async function hasFollowed(primarySocket: string): Promise<boolean> {
  const info = await sendRedisLine(primarySocket, 'INFO replication');
  const primary = /master_repl_offset:(\d+)/.exec(info)?.[1];
  return primary !== undefined && info.includes(`state=online,offset=${primary}`);
}

/** Makes a history on a server of its own and kills that. @returns the folder of its append-only file, which is removed with the test. */
async function recordFile(history: RecordedHistory): Promise<string> {
  const data = mkdtempSync(join(tmpdir(), 'tollgate-aof-data-'));
  onTestFinished(() => rmSync(data, { recursive: true, force: true }));
  const server = await startRedisServer({ args: ['--dir', data, '--appendfsync', 'always'] });
  const { ledger, close } = await openLedger(server.url);
  await makeHistory(ledger, history, 50);
  close();
  await server.stop();
  return join(data, 'appendonlydir');
}

function findIncrement(folder: string): { name: string; bytes: Buffer } {
  const name = readdirSync(folder).find((file) => file.endsWith('.incr.aof'));
  if (name === undefined) throw new Error('there is no increment');
  return { name, bytes: readFileSync(join(folder, name)) };
}

/** Evenly spread, and each a few bytes further into a command than the one before, so that no part of one is spared. */
function findCut(bytes: Buffer, cut: number): number {
  return Math.min(bytes.length, Math.floor((bytes.length * (cut + 1)) / CUTS) - ((cut * 13) % 97));
}

/** @returns the sequence that the account came back with; 0: it was not there yet. */
async function expectPrefix(folder: string, history: RecordedHistory): Promise<number> {
  const server = await startRedisServer({ args: ['--dir', folder, '--aof-load-truncated', 'yes'] });
  try {
    const { ledger, close } = await openLedger(server.url);
    const found = await ledger.readBalance(history.accountId);
    await expectSoundBooks(ledger, history.accountId, Date.now());
    await deliverAgain(ledger, history);
    await expectExact(ledger, history);
    close();
    return found?.sequence ?? 0;
  } finally {
    await server.stop();
  }
}
