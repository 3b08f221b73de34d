import { createId } from '../../src/directory/create-id.ts';
import type { GrantCommand, Ledger, QuotaCell, ReleaseCommand, SettleCommand } from '../../src/ledger/ledger.ts';

/** Everything that a proxy keeps, or an operator has on record, of what it once sent. */
export interface RecordedHistory {
  accountId: string;
  grants: GrantCommand[];
  settles: SettleCommand[];
  releases: ReleaseCommand[];
  /** The highest sequence seen in a reply. */
  sequence: number;
  /** Sum of the settles, which is what the upstream billed. */
  billedNanoUsd: bigint;
}

const CELL: QuotaCell = { quotaId: 'quota_day', window: 'total', measure: 'usd', limit: 10n ** 15n, mode: 'hard' };

export function createHistory(): RecordedHistory {
  const accountId = createId('acct', Date.now());
  return { accountId, grants: [], settles: [], releases: [], sequence: 0, billedNanoUsd: 0n };
}

/** Makes so many calls, one after the other, with all kinds of ends; some holds stay open. Every seventh adds credit. */
export async function makeHistory(ledger: Ledger, history: RecordedHistory, calls: number): Promise<void> {
  const { accountId } = history;
  await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
  for (let number = 0; number < calls; number += 1) {
    if (number % 7 === 0) await addGrant(ledger, history);
    const common = { accountId, tokens: 5n, modelLabels: [], cells: [CELL] };
    const holdId = createId('hold', Date.now());
    const held = await ledger.hold({ ...common, holdId, amountNanoUsd: 100_000n, leaseMs: 1_000 });
    if (held.result !== 'held') throw new Error(`a hold was answered ${held.result}`);
    history.sequence = held.balance.sequence;
    if (number % 5 === 1) {
      const release = { accountId, holdId };
      history.releases.push(release);
      await ledger.release(release);
    } else if (number % 5 !== 3) {
      const settle = { ...common, holdId, amountNanoUsd: BigInt(90_000 + number) };
      history.settles.push(settle);
      history.billedNanoUsd += settle.amountNanoUsd;
      const settled = await ledger.settle(settle);
      if (settled.result === 'settled') history.sequence = settled.balance.sequence;
    }
  }
}

/** Sends all that is on record again, in any order: each has its effect once. @returns how the settles were answered. */
export async function deliverAgain(ledger: Ledger, history: RecordedHistory): Promise<string[]> {
  const { accountId } = history;
  await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
  await Promise.all(history.grants.map((grant) => ledger.grant(grant)));
  await Promise.all(history.releases.map((release) => ledger.release(release)));
  const answers = await Promise.all(history.settles.map((settle) => ledger.settle(settle)));
  return answers.map(({ result }) => result);
}

async function addGrant(ledger: Ledger, history: RecordedHistory): Promise<void> {
  const nowMs = Date.now();
  const grant: GrantCommand = {
    accountId: history.accountId,
    grantId: createId('grant', nowMs),
    amountNanoUsd: 1_000_000n,
    kind: history.grants.length % 2 === 0 ? 'paid' : 'promotional',
    priority: 50,
    effectiveAtMs: nowMs - 60_000,
    expiresAtMs: nowMs + 86_400_000,
  };
  history.grants.push(grant);
  await ledger.grant(grant);
}
