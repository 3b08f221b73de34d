import { afterEach, beforeEach } from 'vitest';
import type { AccountBalance, JournalEntry } from '../../src/domain/credit/credit-types.ts';
import type {
  ExtendReply,
  GrantCommand,
  GrantReply,
  HoldCommand,
  HoldReply,
  Ledger,
  QuotaCell,
  SettleCommand,
  SettleReply,
} from '../../src/ledger/ledger.ts';
import { expectSoundBooks, type LedgerUnderTest, START_MS, type TestClock } from './ledger-conformance.ts';
import { makeHoldId } from './make-hold-id.ts';

export type OpenLedger = (clock: TestClock) => Promise<LedgerUnderTest>;

/** A prepaid account without credit on an empty store, and short words for what is done to it. */
export interface LedgerSetup {
  readonly accountId: string;
  clock: TestClock;
  ledger: Ledger;
  /** Paid, in effect from the start for a day, of priority 50, unless told otherwise. */
  grant(grantId: string, amountNanoUsd: bigint, terms?: Partial<GrantCommand>): Promise<GrantReply>;
  /** The id of the hold with this number, made at the start. */
  id(number: number): string;
  hold(number: number, amountNanoUsd: bigint, terms?: Partial<HoldCommand>): Promise<HoldReply>;
  extend(number: number, toNanoUsd: bigint, cells?: readonly QuotaCell[]): Promise<ExtendReply>;
  settle(number: number, amountNanoUsd: bigint, terms?: Partial<SettleCommand>): Promise<SettleReply>;
  end(how: 'release' | 'reclaim', number: number): Promise<{ result: string }>;
  balance(): Promise<AccountBalance>;
  /** Of a grant, in the order remaining, held, spent, expired, voided. */
  pockets(grantId: string): Promise<bigint[]>;
  lastEntry(): Promise<JournalEntry>;
}

export const DAY_MS = 86_400_000;
export const LEASE_MS = 60_000;

/** To be called in a `describe`; the fields are there while its tests run, and the books are proven after each. */
export function useLedger(open: OpenLedger): LedgerSetup {
  const setup = { accountId: 'acct_rules' } as LedgerSetup;
  let close: () => Promise<void>;
  beforeEach(async () => {
    setup.clock = { nowMs: START_MS };
    const opened = await open(setup.clock);
    setup.ledger = opened.ledger;
    close = opened.close;
    await setup.ledger.openAccount({ accountId: setup.accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
  });
  afterEach(async () => {
    await expectSoundBooks(setup.ledger, setup.accountId, setup.clock.nowMs);
    await close();
  });
  return Object.assign(setup, createCommands(setup), createReads(setup));
}

function createCommands(setup: LedgerSetup): Pick<LedgerSetup, 'grant' | 'id' | 'hold' | 'extend' | 'settle' | 'end'> {
  const { accountId } = setup;
  const id = (number: number) => makeHoldId(START_MS, number);
  const common = { accountId, tokens: 100n, modelLabels: ['claude-opus-5-5', 'opus'], cells: [] };
  return {
    id,
    grant: (grantId, amountNanoUsd, terms = {}) =>
      setup.ledger.grant({
        ...{ accountId, grantId, amountNanoUsd, kind: 'paid', priority: 50, effectiveAtMs: START_MS },
        expiresAtMs: START_MS + DAY_MS,
        ...terms,
      }),
    hold: (number, amountNanoUsd, terms = {}) =>
      setup.ledger.hold({ ...common, holdId: id(number), amountNanoUsd, leaseMs: LEASE_MS, ...terms }),
    extend: (number, toNanoUsd, cells = []) =>
      setup.ledger.extend({ ...common, holdId: id(number), toNanoUsd, leaseMs: LEASE_MS, cells }),
    settle: (number, amountNanoUsd, terms = {}) =>
      setup.ledger.settle({ ...common, holdId: id(number), amountNanoUsd, ...terms }),
    end: (how, number) => setup.ledger[how]({ accountId, holdId: id(number) }),
  };
}

function createReads(setup: LedgerSetup): Pick<LedgerSetup, 'balance' | 'pockets' | 'lastEntry'> {
  const { accountId } = setup;
  const balance = async () => {
    const found = await setup.ledger.readBalance(accountId);
    if (found === undefined) throw new Error('no balance');
    return found;
  };
  return {
    balance,
    pockets: async (grantId) => {
      const found = (await setup.ledger.readGrants(accountId)).find((grant) => grant.grantId === grantId);
      if (found === undefined) throw new Error(`no grant ${grantId}`);
      const { remainingNanoUsd, heldNanoUsd, spentNanoUsd, expiredNanoUsd, voidedNanoUsd } = found;
      return [remainingNanoUsd, heldNanoUsd, spentNanoUsd, expiredNanoUsd, voidedNanoUsd];
    },
    lastEntry: async () => {
      const { sequence } = await balance();
      const [entry] = await setup.ledger.readJournal(accountId, { afterSequence: sequence - 1, limit: 1 });
      if (entry === undefined) throw new Error('no entry');
      return entry;
    },
  };
}
