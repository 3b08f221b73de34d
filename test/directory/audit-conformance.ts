import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditAct, AuditBounds, AuditLog } from '../../src/directory/audit-log.ts';

const BOUNDS: AuditBounds = { lifeMs: 1_000, atLeast: 3, atMost: 6 };

/** Every audit log passes this suite. `open` gives an empty one. */
export function describeAudit(
  name: string,
  open: (bounds: AuditBounds) => Promise<{ audit: AuditLog; close(): Promise<void> }>,
): void {
  describe(`audit on ${name}`, () => {
    let audit: AuditLog;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ audit, close } = await open(BOUNDS));
    });
    afterEach(() => close());

    const actAt = (atMs: number): AuditAct => ({
      atMs,
      actor: 'admin:0123abcd',
      method: 'PATCH',
      route: '/admin/v1/accounts/{account_id}',
      ids: { account_id: 'acct_1' },
      requestId: 'req_1',
      requested: { name: 'ä "1" 5', limit: null },
    });
    const sequences = async () => (await audit.list({ newest: 1_000 })).map((record) => record.sequence);

    test('an empty one has no records', async () => {
      expect(await audit.list({ afterSequence: 0, limit: 10 })).toEqual([]);
      expect(await audit.list({ newest: 10 })).toEqual([]);
    });
    test('an act without an outcome is not known to be done, one with it is', async () => {
      expect(await audit.begin(actAt(1))).toBe(1);
      expect(await audit.begin(actAt(2))).toBe(2);
      const result = { outcome: 'done', status: 200, changes: [{ field: 'name', before: 'a', after: 'b' }] } as const;
      await audit.finish(2, result);
      expect(await audit.list({ afterSequence: 0, limit: 10 })).toEqual([
        { sequence: 1, ...actAt(1) },
        { sequence: 2, ...actAt(2), result },
      ]);
    });
    test('is read in pages and from its end', async () => {
      for (let at = 1; at <= 5; at += 1) await audit.begin(actAt(at));
      const page = await audit.list({ afterSequence: 1, limit: 2 });
      expect(page.map((record) => record.sequence)).toEqual([2, 3]);
      expect((await audit.list({ newest: 2 })).map((record) => record.sequence)).toEqual([4, 5]);
      expect(await audit.list({ afterSequence: 5, limit: 2 })).toEqual([]);
    });
    test('old records go only when there are newer ones enough', async () => {
      for (let at = 1; at <= 4; at += 1) await audit.begin(actAt(at));
      await audit.begin(actAt(2_000));
      expect(await sequences()).toEqual([3, 4, 5]);
      await audit.begin(actAt(2_001));
      await audit.begin(actAt(2_002));
      expect(await sequences()).toEqual([5, 6, 7]);
      await audit.begin(actAt(2_003));
      expect(await sequences()).toEqual([5, 6, 7, 8]);
    });
    test('above the most records the oldest go whatever their age, and stay gone', async () => {
      for (let at = 1; at <= 9; at += 1) await audit.begin(actAt(1));
      expect(await sequences()).toEqual([4, 5, 6, 7, 8, 9]);
      await audit.finish(1, { outcome: 'done', status: 200, changes: [] });
      expect(await sequences()).toEqual([4, 5, 6, 7, 8, 9]);
      expect((await audit.list({ afterSequence: 0, limit: 2 })).map((record) => record.sequence)).toEqual([4, 5]);
    });
    test('of one account only its own are read, in pages and from the end, and go as the others do', async () => {
      const on = (accountId: string | undefined, atMs = 1) =>
        audit.begin({ ...actAt(atMs), ...(accountId && { accountId }) });
      for (const accountId of ['acct_1', 'acct_2', undefined, 'acct_1', 'acct_11', 'acct_1']) await on(accountId);
      const found = async (page: Parameters<AuditLog['list']>[0]) =>
        (await audit.list({ ...page, accountId: 'acct_1' })).map((record) => record.sequence);
      expect(await found({ afterSequence: 0, limit: 10 })).toEqual([1, 4, 6]);
      expect(await found({ afterSequence: 1, limit: 1 })).toEqual([4]);
      expect(await found({ afterSequence: 6, limit: 10 })).toEqual([]);
      expect(await found({ newest: 2 })).toEqual([4, 6]);
      expect(await audit.list({ newest: 5, accountId: 'acct_' })).toEqual([]);
      await on('acct_1');
      expect(await found({ afterSequence: 0, limit: 10 })).toEqual([4, 6, 7]);
      for (let more = 0; more < 6; more += 1) await on('acct_2');
      expect(await found({ newest: 10 })).toEqual([]);
    });
    test('acts begun at once have a record each', async () => {
      const begun = await Promise.all(Array.from({ length: 5 }, () => audit.begin(actAt(1))));
      expect(begun.toSorted()).toEqual([1, 2, 3, 4, 5]);
    });
  });
}
