import { describe, expect, test } from 'vitest';
import { START_MS } from './ledger-conformance.ts';
import { makeHoldId } from './make-hold-id.ts';
import type { OpenLedger } from './use-ledger.ts';

const accountId = 'acct_many';

/** Grants with credit left or held are a thousand at most. */
export function describeGrantLimit(name: string, open: OpenLedger): void {
  describe(`many grants on ${name}`, () => {
    test('the thousand-and-first that has credit left or held is refused', { timeout: 120_000 }, async () => {
      const clock = { nowMs: START_MS };
      const { ledger, close } = await open(clock);
      const terms = { accountId, kind: 'paid', effectiveAtMs: START_MS, expiresAtMs: START_MS + 86_400_000 } as const;
      const grant = (grantId: string, other: { priority?: number; expiresAtMs?: number } = {}) =>
        ledger
          .grant({ ...terms, grantId, priority: 50, amountNanoUsd: 2n, ...other })
          .then((reply) => ('what' in reply ? reply.what : reply.result));
      const special = new Map([
        [0, { priority: 10 }],
        [1, { priority: 20, expiresAtMs: START_MS + 1_000 }],
        [2, { priority: 30, expiresAtMs: START_MS + 2_000 }],
      ]);
      const common = { accountId, tokens: 0n, modelLabels: [], cells: [] };
      const spend = async (number: number, amountNanoUsd: bigint) => {
        const call = { ...common, holdId: makeHoldId(START_MS, number), amountNanoUsd };
        await ledger.hold({ ...call, leaseMs: 60_000 });
        return () => ledger.settle({ ...call, amountNanoUsd: 1n });
      };
      await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
      const granted = await Promise.all(
        Array.from({ length: 1_000 }, (_, number) => grant(`grant_${number}`, special.get(number))),
      );
      expect(new Set(granted)).toEqual(new Set(['granted']));
      expect(await grant('grant_more')).toBe('grants');

      // One that is wholly held has not gone, nor has one of which half is spent.
      const settle = await spend(1, 2n);
      expect(await grant('grant_more')).toBe('grants');
      await settle();
      expect(await grant('grant_more')).toBe('grants');
      await (await spend(2, 1n))();
      expect(await grant('grant_more')).toBe('granted');
      expect(await grant('grant_again')).toBe('grants');

      // One that expires while a part of it is held has not gone; one that expires whole has, in the very same step.
      await spend(3, 1n);
      clock.nowMs += 1_000;
      expect(await grant('grant_again')).toBe('grants');
      clock.nowMs += 1_000;
      expect(await grant('grant_again')).toBe('granted');
      expect(await grant('grant_last')).toBe('grants');
      await close();
    });
  });
}
