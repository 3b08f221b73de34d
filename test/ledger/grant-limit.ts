import { describe, expect, test } from 'vitest';
import { START_MS } from './ledger-conformance.ts';
import { makeHoldId } from './make-hold-id.ts';
import type { OpenLedger } from './use-ledger.ts';

const accountId = 'acct_many';

/** Grants with credit left or held are a thousand at most. */
export function describeGrantLimit(name: string, open: OpenLedger): void {
  describe(`many grants on ${name}`, () => {
    test('the thousand-and-first that has credit left or held is refused', { timeout: 120_000 }, async () => {
      const { ledger, close } = await open({ nowMs: START_MS });
      const terms = { accountId, kind: 'paid', effectiveAtMs: START_MS, expiresAtMs: START_MS + 86_400_000 } as const;
      const grant = (grantId: string, priority = 50) =>
        ledger.grant({ ...terms, grantId, priority, amountNanoUsd: 2n }).then(({ result }) => result);
      const common = { accountId, tokens: 0n, modelLabels: [], cells: [] };
      const spend = async (number: number, amountNanoUsd: bigint) => {
        const call = { ...common, holdId: makeHoldId(START_MS, number), amountNanoUsd };
        await ledger.hold({ ...call, leaseMs: 60_000 });
        return () => ledger.settle({ ...call, amountNanoUsd: 1n });
      };
      await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
      const granted = await Promise.all(
        Array.from({ length: 1_000 }, (_, number) => grant(`grant_${number}`, number === 0 ? 10 : 50)),
      );
      expect(new Set(granted)).toEqual(new Set(['granted']));
      expect(await grant('grant_more')).toBe('out_of_range');

      // One that is wholly held has not gone, nor has one of which half is spent.
      const settle = await spend(1, 2n);
      expect(await grant('grant_more')).toBe('out_of_range');
      await settle();
      expect(await grant('grant_more')).toBe('out_of_range');
      await (await spend(2, 1n))();
      expect(await grant('grant_more')).toBe('granted');
      expect(await grant('grant_again')).toBe('out_of_range');
      await close();
    });
  });
}
