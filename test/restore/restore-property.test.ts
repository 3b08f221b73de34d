import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldJournal } from '../../src/domain/credit/fold-journal.ts';
import { readHoldTimeMs } from '../../src/domain/hold-id.ts';
import { readRememberedEnd } from '../../src/ledger/account-restorer.ts';
import { findDifferences } from '../../src/ledger/find-differences.ts';
import { createFold } from '../../src/ledger/journal-fold.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { reconcileAccount } from '../../src/ledger/reconcile-account.ts';
import { readExport } from '../../src/restore/read-export.ts';
import { history, type Step } from '../ledger/ledger-commands.ts';
import { START_MS, type TestClock } from '../ledger/ledger-conformance.ts';
import { makeHoldId } from '../ledger/make-hold-id.ts';
import { createModelLedger, type ModelLedger } from '../ledger/model-ledger.ts';
import { createExportFolder, DAY_MS, describeRestore, KEEP_MS, type OpenedStore } from './restore-stores.ts';

/** Histories per run and store; LEDGER_RUNS raises it for a long run. */
const RUNS = Math.ceil(Number(process.env.LEDGER_RUNS ?? 300) / 30);
const SEED = Number(process.env.LEDGER_SEED ?? randomInt(2 ** 31));

/** So much later that what came before is trimmed. */
const LATER_MS = KEEP_MS + 2 * DAY_MS;
const accountId = 'acct_a';

/** The same commands some days later: their ids and instants are moved, so that they are new ones. */
function moved(ledger: Ledger, byMs: number): Ledger {
  const move = (command: { [name: string]: unknown }) => {
    const { holdId, grantId, refundId, correctionId, fallbackGrantIds, effectiveAtMs, expiresAtMs } = command;
    const { monthEndsAtMs } = command;
    const idMs = typeof holdId === 'string' ? (readHoldTimeMs(holdId) ?? 0) : 0;
    return {
      ...command,
      ...(typeof holdId === 'string' ? { holdId: makeHoldId(idMs + byMs, Number(holdId.slice(-1))) } : {}),
      ...(typeof grantId === 'string' ? { grantId: `${grantId}_later` } : {}),
      ...(typeof refundId === 'string' ? { refundId: `${refundId}_later` } : {}),
      ...(typeof correctionId === 'string' ? { correctionId: `${correctionId}_later` } : {}),
      ...(Array.isArray(fallbackGrantIds) ? { fallbackGrantIds: fallbackGrantIds.map((id) => `${id}_later`) } : {}),
      ...(typeof effectiveAtMs === 'number' ? { effectiveAtMs: effectiveAtMs + byMs } : {}),
      ...(typeof expiresAtMs === 'number' ? { expiresAtMs: expiresAtMs + byMs } : {}),
      ...(typeof monthEndsAtMs === 'number' ? { monthEndsAtMs: monthEndsAtMs + byMs } : {}),
    };
  };
  const names = [
    ...(['grant', 'voidGrant', 'hold', 'extend', 'settle', 'release', 'reclaim', 'refund', 'correct'] as const),
    'requestReload',
  ] as const;
  const run = (name: (typeof names)[number]) => (command: { [name: string]: unknown }) =>
    (ledger[name] as (moved: object) => unknown)(move(command));
  return {
    ...ledger,
    ...(Object.fromEntries(names.map((name) => [name, run(name)])) as Partial<Ledger>),
    // A caller that looks for the charge of a call finds those of moved calls only.
    readJournal: async (id, options) =>
      (await ledger.readJournal(id, options)).map((entry) => {
        const idMs = readHoldTimeMs(entry.subjectId);
        if (idMs === undefined) return entry;
        const subjectId = makeHoldId(Math.max(0, idMs - byMs), Number(entry.subjectId.slice(-1)));
        return { ...entry, subjectId };
      }),
  };
}

async function play(ledger: Ledger, clock: TestClock, steps: readonly Step[]): Promise<void> {
  for (const step of steps) await step(ledger, clock, accountId);
}

/** The pure rules on the fold of the whole journal, with the ends of holds that a restored store remembers. */
async function modelOf(source: OpenedStore, clock: TestClock, folder: string): Promise<ModelLedger> {
  const model = createModelLedger(() => clock.nowMs);
  const entries = new Map<number, Parameters<typeof readRememberedEnd>[0]>();
  await readExport(folder, { add: (record) => void (record.type === 'entry' && entries.set(record.sequence, record)) });
  const whole = [...entries.values()].map(({ ...entry }) => {
    delete (entry as { type?: string }).type;
    return entry;
  });
  const books = foldJournal(accountId, whole);
  expect(books.sequence).toBe((await source.ledger.readBooks(accountId))?.sequence);
  const remembered = new Set(whole.flatMap((entry) => readRememberedEnd(entry, books.lastMs)?.holdId ?? []));
  for (const holdId of books.tombstones.keys()) if (!remembered.has(holdId)) books.tombstones.delete(holdId);
  model.adopt(books, whole);
  return model;
}

async function expectLikeModel(
  restored: OpenedStore,
  model: ModelLedger,
  clock: TestClock,
  steps: readonly Step[],
): Promise<void> {
  const [left, right] = [moved(restored.ledger, LATER_MS), moved(model, LATER_MS)];
  for (const step of steps) {
    const before = clock.nowMs;
    const expected = await step(right, clock, accountId);
    clock.nowMs = before;
    expect(await step(left, clock, accountId)).toEqual(expected);
    expect(await restored.ledger.readBalance(accountId)).toEqual(await model.readBalance(accountId));
    expect(await restored.ledger.readGrants(accountId)).toEqual(await model.readGrants(accountId));
    expect(await restored.ledger.readHolds(accountId)).toEqual(await model.readHolds(accountId));
  }
}

describeRestore('any history, exported, trimmed and restored', (open, kind) => {
  test(`is the account, and goes on as one (${RUNS} histories, seed ${SEED})`, {
    timeout: 60_000 + RUNS * 2_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(history, history, history, fc.boolean(), async (early, late, after, inTwoSteps) => {
        const clock: TestClock = { nowMs: START_MS };
        const [source, target] = [await open(clock, 0), await open(clock, 1)];
        const folder = createExportFolder();
        try {
          await source.ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
          await play(source.ledger, clock, early);
          await folder.export(source, clock);
          if (inTwoSteps) expect(await folder.restore(target)).toMatchObject([{ result: 'restored' }]);
          clock.nowMs = START_MS + LATER_MS;
          await play(moved(source.ledger, LATER_MS), clock, late);
          await folder.export(source, clock);
          await folder.export(source, clock);
          const model = await modelOf(source, clock, folder.path);
          const { sequence } = model.books(accountId) ?? { sequence: 0 };
          const [outcome] = await folder.restore(target);
          expect(['restored', 'current']).toContain(outcome?.result);
          expect(outcome?.sequence).toBe(sequence);

          const stored = await target.ledger.readBooks(accountId);
          const fold = { ...createFold(accountId), books: structuredClone(model.books(accountId) as never) };
          expect(findDifferences(fold, stored as never, { isWhole: true })).toEqual([]);
          expect((await reconcileAccount(target, accountId))?.differences).toEqual([]);
          expect(await folder.restore(target)).toMatchObject([{ result: 'current' }]);
          if (kind === 'Redis') expect(await target.client?.keys('*restore*')).toEqual([]);

          await expectLikeModel(target, model, clock, after);
          expect((await reconcileAccount(target, accountId))?.differences).toEqual([]);
        } finally {
          folder.remove();
          await source.close();
          await target.close();
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});
