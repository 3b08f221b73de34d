import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFileSink } from '../../src/export/file-sink.ts';
import type { ExportRecord } from '../../src/export/journal-sink.ts';
import { createFold, foldEntry, writeFold } from '../../src/ledger/journal-fold.ts';
import { reconcileAccount } from '../../src/ledger/reconcile-account.ts';
import { START_MS } from '../ledger/ledger-conformance.ts';
import { makeHoldId } from '../ledger/make-hold-id.ts';
import { createExportFolder, DAY_MS, describeRestore, type ExportFolder, type OpenedStore } from './restore-stores.ts';

const accountId = 'acct_a';

describeRestore('a restore', (open, kind) => {
  let clock: { nowMs: number };
  let source: OpenedStore;
  let target: OpenedStore;
  let folder: ExportFolder;
  beforeEach(async () => {
    clock = { nowMs: START_MS };
    source = await open(clock, 0);
    target = await open(clock, 1);
    folder = createExportFolder();
  });
  afterEach(async () => {
    folder.remove();
    await source.close();
    await target.close();
  });

  const cells = [{ quotaId: 'q', window: 'day:x', measure: 'usd', limit: 999n, mode: 'hard' }] as const;
  const commandOf = (number: number, amountNanoUsd: bigint) => ({
    ...{ accountId, holdId: makeHoldId(START_MS, number), amountNanoUsd, tokens: 1n, modelLabels: [], cells },
  });
  /** Two entries, the same in every store. */
  const begin = async ({ ledger }: OpenedStore) => {
    await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
    await ledger.grant({
      ...{ accountId, grantId: 'grant_a', amountNanoUsd: 100n, kind: 'paid', priority: 50 },
      ...{ effectiveAtMs: START_MS, expiresAtMs: START_MS + 300 * DAY_MS },
    });
  };
  /** Two entries more. */
  const call = async ({ ledger }: OpenedStore, number: number, amountNanoUsd = 5n) => {
    await ledger.hold({ ...commandOf(number, 9n), leaseMs: 60_000 });
    await ledger.settle(commandOf(number, amountNanoUsd));
  };
  const entriesOf = ({ ledger }: OpenedStore) => ledger.readJournal(accountId, { afterSequence: 0, limit: 1_000 });
  const stateOf = async (store: OpenedStore) => [await store.ledger.readBooks(accountId), await entriesOf(store)];
  const restoreOne = async (options = {}, store = target) => (await folder.restore(store, options))[0];
  const writeFile = async (atMs: number, records: readonly ExportRecord[]) => {
    const sink = createFileSink({ folder: folder.path, nowMs: () => atMs });
    await sink.write(records);
    await sink.close();
  };
  const recordsOf = async (store: OpenedStore): Promise<ExportRecord[]> =>
    (await entriesOf(store)).map((entry) => ({ type: 'entry', ...entry }));

  test('into an empty store is the account, which goes on at the next entry', async () => {
    await begin(source);
    await call(source, 1);
    await source.ledger.hold({ ...commandOf(2, 9n), leaseMs: 60_000 });
    await folder.export(source, clock);
    expect(await restoreOne()).toEqual({ accountId, result: 'restored', presentSequence: 0, sequence: 5 });
    expect(await stateOf(target)).toEqual(await stateOf(source));
    expect(await target.journal.readExportState(accountId)).toEqual({ exported: 5, trimmed: 0, sequence: 5 });
    expect(await target.journal.findUnexported(9)).toEqual({ accounts: [], oldestAtMs: undefined });
    // Ids settled before the loss stay settled.
    expect(await target.ledger.settle(commandOf(1, 5n))).toEqual({ result: 'duplicate' });
    expect(await target.ledger.settle(commandOf(1, 6n))).toEqual({ result: 'conflict' });
    expect(await target.ledger.hold({ ...commandOf(1, 9n), leaseMs: 60_000 })).toEqual({ result: 'done' });
    expect((await target.ledger.findDue(9)).holds).toEqual([]);
    clock.nowMs += 60_000;
    expect((await target.ledger.findDue(9)).holds).toEqual([{ accountId, holdId: commandOf(2, 9n).holdId }]);
    expect(await target.ledger.settle(commandOf(2, 4n))).toMatchObject({
      ...{ result: 'settled', balance: { sequence: 6, spentNanoUsd: 9n, availableNanoUsd: 91n } },
    });
    await folder.export(target, clock);
    expect(await restoreOne({}, source)).toMatchObject({ result: 'restored', presentSequence: 5, sequence: 6 });
    expect(await stateOf(source)).toEqual(await stateOf(target));
  });

  test('of a lost tail brings it back, once', async () => {
    await begin(source);
    await begin(target);
    await call(target, 1);
    await call(source, 1);
    await call(source, 2);
    await folder.export(source, clock);
    expect(await restoreOne({ dryRun: true })).toEqual({
      ...{ accountId, result: 'restorable', presentSequence: 4, sequence: 6 },
    });
    expect((await target.ledger.readBooks(accountId))?.sequence).toBe(4);
    expect(await restoreOne()).toEqual({ accountId, result: 'restored', presentSequence: 4, sequence: 6 });
    expect(await stateOf(target)).toEqual(await stateOf(source));
    expect(await restoreOne()).toEqual({ accountId, result: 'current', presentSequence: 6, sequence: 6 });
    expect(await target.ledger.settle(commandOf(2, 5n))).toEqual({ result: 'duplicate' });
  });

  test('is refused where the store has gone another way since, and tells where; nothing changes', async () => {
    await begin(source);
    await begin(target);
    await call(source, 1);
    await call(source, 2);
    await folder.export(source, clock);
    clock.nowMs += 1_000;
    await target.ledger.hold({ ...commandOf(7, 9n), leaseMs: 60_000 });
    const before = await stateOf(target);
    const refused = await restoreOne();
    expect(refused).toMatchObject({ result: 'refused', presentSequence: 3, sequence: 3 });
    expect(refused).toMatchObject({
      reason: expect.stringMatching(/^entry 3 differs: .*hold hold_\w+ of 2026-11-20T12/),
    });
    expect(await stateOf(target)).toEqual(before);
    // Longer than the export, it is refused all the same.
    for (const number of [11, 12, 13]) await call(target, number);
    expect(await restoreOne()).toMatchObject({ result: 'refused', presentSequence: 9, sequence: 3 });
  });

  test('leaves a store alone that has more than the export', async () => {
    await begin(source);
    await folder.export(source, clock);
    await call(source, 1);
    const before = await stateOf(source);
    expect(await restoreOne({}, source)).toEqual({ accountId, result: 'current', presentSequence: 4, sequence: 2 });
    expect(await stateOf(source)).toEqual(before);
  });

  test('is refused where the books in the store are not those of their journal', async () => {
    await begin(source);
    await begin(target);
    await call(source, 1);
    await folder.export(source, clock);
    if (target.database !== undefined) target.database.connection.exec('UPDATE books SET charged = 1, spent = 1');
    const [key] = (await target.client?.keys('*:account:*')) ?? [];
    if (key !== undefined) await target.client?.hset(key, { charged: '1', spent: '1' });
    const before = await stateOf(target);
    expect(await restoreOne()).toMatchObject({
      ...{ result: 'refused', presentSequence: 2, sequence: 2 },
      reason: expect.stringContaining('account: chargedNanoUsd: journal 0, store 1'),
    });
    expect(await stateOf(target)).toEqual(before);
  });

  test('is refused where the export lacks an entry', async () => {
    await begin(source);
    await call(source, 1);
    await writeFile(START_MS, (await recordsOf(source)).toSpliced(2, 1));
    expect(await restoreOne()).toMatchObject({
      ...{ result: 'refused', presentSequence: 0, sequence: 3 },
      reason: expect.stringContaining('jumps from 2 to 4'),
    });
    expect(await target.ledger.readBooks(accountId)).toBeUndefined();
  });

  test('begins with the last snapshot', async () => {
    await begin(source);
    await call(source, 1);
    await source.ledger.hold({ ...commandOf(2, 9n), leaseMs: 60_000 });
    await source.ledger.extend({ ...commandOf(2, 9n), toNanoUsd: 12n, leaseMs: 60_000 });
    await call(source, 3);
    const records = await recordsOf(source);
    const fold = createFold(accountId);
    for (const entry of (await entriesOf(source)).slice(0, 5)) foldEntry(fold, entry);
    const snapshot: ExportRecord = { type: 'snapshot', accountId, sequence: 5, books: writeFold(fold) };
    await writeFile(START_MS, [snapshot, ...records.slice(5)]);
    expect(await restoreOne()).toMatchObject({ result: 'restored', sequence: 8 });
    expect(await target.ledger.readBooks(accountId)).toEqual(await source.ledger.readBooks(accountId));
    expect(await target.journal.readExportState(accountId)).toEqual({ exported: 8, trimmed: 5, sequence: 8 });
    expect(await reconcileAccount(target, accountId)).toMatchObject({ fromSequence: 5, entries: 3, differences: [] });
    expect((await target.ledger.settle(commandOf(2, 12n))).result).toBe('settled');
    expect((await target.journal.findUnexported(9)).accounts).toEqual([accountId]);
    await folder.export(target, clock);
    expect((await target.journal.readExportState(accountId)).exported).toBe(9);
  });

  test('is refused where the export no longer reaches back to what the store has', async () => {
    await begin(source);
    await call(source, 1);
    await call(source, 2);
    await begin(target);
    const fold = createFold(accountId);
    for (const entry of (await entriesOf(source)).slice(0, 5)) foldEntry(fold, entry);
    const snapshot: ExportRecord = { type: 'snapshot', accountId, sequence: 5, books: writeFold(fold) };
    await writeFile(START_MS, [snapshot, ...(await recordsOf(source)).slice(5)]);
    expect(await restoreOne()).toMatchObject({ result: 'refused', presentSequence: 2, sequence: 2 });
    // With the entry that both have, the histories are shown to be one.
    await writeFile(START_MS, (await recordsOf(source)).slice(1, 2));
    expect(await restoreOne()).toMatchObject({ result: 'restored', presentSequence: 2, sequence: 6 });
  });

  test('of an export with two histories is for people to choose', async () => {
    await begin(source);
    await begin(target);
    await call(source, 1);
    clock.nowMs += 5_000;
    await call(target, 2, 7n);
    await call(target, 3, 7n);
    await writeFile(START_MS, await recordsOf(source));
    await writeFile(START_MS + 1, await recordsOf(target));
    const third = await open(clock, 0);
    try {
      const refused = await restoreOne({}, third);
      expect(refused).toMatchObject({
        result: 'refused',
        sequence: 3,
        reason: expect.stringContaining('--take-later'),
      });
      expect(await third.ledger.readBooks(accountId)).toBeUndefined();
      // The store that went the later way shows which it was.
      const abandoned = { fromSequence: 3, throughSequence: 4 };
      expect(await restoreOne()).toMatchObject({ result: 'current', sequence: 6, abandoned });
      expect(await restoreOne({ takeLater: true }, third)).toMatchObject({
        result: 'restored',
        sequence: 6,
        abandoned,
      });
      expect(await stateOf(third)).toEqual(await stateOf(target));
    } finally {
      await third.close();
    }
  });

  test('does not take the later of two histories where their instants say otherwise', async () => {
    await begin(source);
    await begin(target);
    await call(target, 2, 7n);
    clock.nowMs += 5_000;
    await call(source, 1);
    await writeFile(START_MS, await recordsOf(source));
    await writeFile(START_MS + 1, await recordsOf(target));
    const third = await open(clock, 0);
    expect(await restoreOne({ takeLater: true }, third)).toMatchObject({ result: 'refused', sequence: 3 });
    await third.close();
  });

  test('warns of a longer history that the store went on without', async () => {
    await begin(source);
    clock.nowMs += 5_000;
    await target.ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
    await writeFile(START_MS, await recordsOf(source));
    await writeFile(START_MS + 1, await recordsOf(target));
    const abandoned = { fromSequence: 1, throughSequence: 2 };
    const current = { accountId, result: 'current', presentSequence: 1, sequence: 1, abandoned };
    expect(await restoreOne()).toEqual(current);
    // It stays told when the store has gone further than either.
    await call(target, 1);
    await call(target, 2);
    expect(await restoreOne()).toEqual({ ...current, presentSequence: (await entriesOf(target)).length });
  });

  test('changes nothing in an account that has changed meanwhile', async () => {
    await begin(source);
    await call(source, 1);
    await begin(target);
    const fold = createFold(accountId);
    const entries = await entriesOf(source);
    for (const entry of entries) foldEntry(fold, entry);
    const before = await stateOf(target);
    expect(await target.restorer.restore({ fold, snapshot: undefined, entries }, 1)).toBe('changed');
    expect(await stateOf(target)).toEqual(before);
    expect(await target.restorer.restore({ fold, snapshot: undefined, entries }, 2)).toBe('restored');
    expect(await stateOf(target)).toEqual(await stateOf(source));
  });

  test('a torn last line is left out; any other that cannot be read stops it before it begins', async () => {
    await begin(source);
    await folder.export(source, clock);
    const [file = ''] = readdirSync(folder.path);
    const path = join(folder.path, file);
    appendFileSync(path, '{"type":"entry","accountId":"acct_a","seq');
    expect(await restoreOne()).toMatchObject({ result: 'restored', sequence: 2 });
    appendFileSync(path, 'uence":3}\n');
    await expect(folder.restore(target)).rejects.toThrow(`${file}, line 3: operation is not a text`);
    await expect(folder.restore(target, { from: '/nowhere/at/all' } as object)).rejects.toThrow('cannot be read');
  });

  if (kind === 'Redis')
    test('does not begin while a process exports', async () => {
      await begin(source);
      await folder.export(source, clock);
      await target.journal.claim('another', 30_000);
      await expect(folder.restore(target)).rejects.toThrow(/a process exports the journal.*wait 30 seconds/);
      expect(await target.ledger.readBooks(accountId)).toBeUndefined();
      // The refused one has not taken away the other's lease.
      expect(await target.journal.claim('a third', 30_000)).toBe(false);
    });

  if (kind === 'Redis')
    test('lets the next process in at its end, after a look too', async () => {
      await begin(source);
      await folder.export(source, clock);
      expect(await source.journal.claim('after the exporter', 1)).toBe(true);
      await source.journal.unclaim('after the exporter');
      expect(await restoreOne({ dryRun: true })).toMatchObject({ result: 'restorable' });
      expect(await target.journal.claim('another', 30_000)).toBe(true);
      await target.journal.unclaim('not the owner');
      expect(await target.journal.claim('a third', 30_000)).toBe(false);
    });
});
