import { larger, MAX_NANO_USD, type NanoUsd, smaller } from '../money.ts';
import type { AccountBooks } from './account-books.ts';
import type { ChargedCall, OutOfRange, RefundCommand, RefundReply } from './credit-commands.ts';
import { MAX_LIVE_GRANTS } from './credit-limits.ts';
import type { Refund } from './credit-types.ts';
import { answerDraft, beginDraft, commitDraft, type Decision, type Draft, post } from './draft.ts';
import { removeUnspendable } from './settle-rules.ts';

/**
 * Gives back what a settled call was charged, never more than that over all its refunds. The charge is unwound from
 * its end: what became debt first, then the grants it was drawn from, last one first. Credit that comes back to an
 * expired grant expires, to a voided one is voided, and in a closed account expires.
 *
 * Quota cells stay as they are: they count what was asked of the API in a window, and that was asked. A refund that
 * made room again would let a quota be passed, often in a window that has long ended.
 *
 * Credit moves within the account only: nothing is paid out, and no rule names a second account.
 */
export function refund(books: AccountBooks, command: RefundCommand, nowMs: number): Decision<RefundReply> {
  const draft = beginDraft(books, nowMs);
  const before = books.refunded.get(command.holdId) ?? 0n;
  const present = books.refunds.get(command.refundId);
  if (present !== undefined) {
    return answerDraft(draft, (balance) =>
      isSameRefund(present, command)
        ? { result: 'exists', amountNanoUsd: present.amountNanoUsd, refundedNanoUsd: before, balance }
        : { result: 'conflict' },
    );
  }
  const chargedNanoUsd = sumCharge(command);
  // Below zero where corrections have charged more than was given back.
  const amountNanoUsd = command.amountNanoUsd ?? chargedNanoUsd - before;
  const refusal = findRefundRefusal(books, command, chargedNanoUsd, amountNanoUsd, before);
  if (refusal !== undefined) return answerDraft(draft, () => refusal);
  const plan = planRefund(books, command, amountNanoUsd, before);
  if (plan === undefined) return answerDraft(draft, () => ({ result: 'no_credit' }));

  const refundedNanoUsd = before + amountNanoUsd;
  postRefund(draft, plan);
  addRefund(books, command.refundId, { holdId: command.holdId, amountNanoUsd });
  return commitDraft(
    draft,
    {
      operation: 'refund',
      subjectId: command.refundId,
      amountNanoUsd,
      terms: { holdId: command.holdId },
      details: command.details,
    },
    (balance) => ({ result: 'refunded', amountNanoUsd, refundedNanoUsd, balance }),
  );
}

/** Notes charge given back, or charged besides, under its own id and in the sum of its hold. */
export function addRefund(books: AccountBooks, refundId: string, added: Refund): void {
  books.refunds.set(refundId, added);
  books.refunded.set(added.holdId, (books.refunded.get(added.holdId) ?? 0n) + added.amountNanoUsd);
}

function isSameRefund(present: Refund, command: RefundCommand): boolean {
  const { holdId, amountNanoUsd = present.amountNanoUsd } = command;
  return present.holdId === holdId && present.amountNanoUsd === amountNanoUsd;
}

/** What the call was charged when it ended. */
export function sumCharge({ allocations, debtNanoUsd }: ChargedCall): NanoUsd {
  return allocations.reduce((sum, part) => sum + part.amountNanoUsd, debtNanoUsd);
}

function findRefundRefusal(
  books: AccountBooks,
  command: RefundCommand,
  chargedNanoUsd: NanoUsd,
  amountNanoUsd: NanoUsd,
  refundedNanoUsd: NanoUsd,
): RefundReply | undefined {
  const outOfRange = findChargeOutOfRange(command);
  if (outOfRange !== undefined) return outOfRange;
  const { amountNanoUsd: asked } = command;
  if (asked !== undefined && (asked <= 0n || asked > MAX_NANO_USD)) return { result: 'out_of_range', what: 'amount' };
  const ended = books.tombstones.get(command.holdId);
  const isCharged = ended === undefined || ended.state === 'settled' || ended.state === 'late';
  if (books.holds.has(command.holdId) || !isCharged) return { result: 'not_settled' };
  if (ended !== undefined && ended.amountNanoUsd !== chargedNanoUsd) return { result: 'not_settled' };
  if (amountNanoUsd <= 0n || refundedNanoUsd + amountNanoUsd > chargedNanoUsd) {
    return { result: 'exceeds_charge', chargedNanoUsd, refundedNanoUsd };
  }
  return undefined;
}

/** What is wrong with a charge as it is told. */
export function findChargeOutOfRange(command: ChargedCall): OutOfRange | undefined {
  const { allocations, debtNanoUsd, fallbackGrantIds } = command;
  if (allocations.length > MAX_LIVE_GRANTS) return { result: 'out_of_range', what: 'allocations' };
  if (fallbackGrantIds.length > MAX_LIVE_GRANTS) return { result: 'out_of_range', what: 'grants' };
  const parts = [debtNanoUsd, ...allocations.map((part) => part.amountNanoUsd)];
  const isSound = parts.every((part) => part >= 0n) && sumCharge(command) <= MAX_NANO_USD;
  return isSound ? undefined : { result: 'out_of_range', what: 'charge' };
}

export interface RefundPlan {
  debtNanoUsd: NanoUsd;
  /** By grant id, in the order in which they get it back. */
  grants: Map<string, NanoUsd>;
}

/** Where the amount goes; undefined when the grants named have not that much spent. Moves nothing. */
export function planRefund(
  books: AccountBooks,
  command: ChargedCall,
  amountNanoUsd: NanoUsd,
  beforeNanoUsd: NanoUsd,
): RefundPlan | undefined {
  const plan: RefundPlan = { debtNanoUsd: 0n, grants: new Map() };
  // Charged besides by corrections, and first to go back; from where it was taken is not remembered.
  const besides = smaller(larger(-beforeNanoUsd, 0n), amountNanoUsd);
  let skip = larger(beforeNanoUsd, 0n);
  let missing = amountNanoUsd - besides;
  let unplaced = besides;
  const unwind = (partNanoUsd: NanoUsd, place: (wanted: NanoUsd) => NanoUsd): void => {
    const skipped = smaller(partNanoUsd, skip);
    skip -= skipped;
    const wanted = smaller(partNanoUsd - skipped, missing);
    missing -= wanted;
    unplaced += wanted - place(wanted);
  };
  unwind(command.debtNanoUsd, (wanted) => placeOnDebt(books, plan, wanted));
  for (const { grantId, amountNanoUsd: part } of [...command.allocations].reverse()) {
    unwind(part, (wanted) => placeOnGrant(books, plan, grantId, wanted));
  }
  // Any credit repays debt first, so what is owed is lowered before a grant that had no part in the call gains.
  unplaced -= placeOnDebt(books, plan, unplaced);
  for (const grantId of command.fallbackGrantIds) {
    unplaced -= placeOnGrant(books, plan, grantId, unplaced);
  }
  return unplaced === 0n ? plan : undefined;
}

function placeOnDebt(books: AccountBooks, plan: RefundPlan, wanted: NanoUsd): NanoUsd {
  const placed = smaller(wanted, books.debtNanoUsd - plan.debtNanoUsd);
  plan.debtNanoUsd += placed;
  return placed;
}

/** What another refund has put back on a grant is no longer spent there. */
function placeOnGrant(books: AccountBooks, plan: RefundPlan, grantId: string, wanted: NanoUsd): NanoUsd {
  const planned = plan.grants.get(grantId) ?? 0n;
  const placed = smaller(wanted, (books.grants.get(grantId)?.spentNanoUsd ?? 0n) - planned);
  if (placed > 0n) plan.grants.set(grantId, planned + placed);
  return placed;
}

export function postRefund(draft: Draft, plan: RefundPlan): void {
  post(draft, 'debt_refund', plan.debtNanoUsd);
  for (const [grantId, amountNanoUsd] of plan.grants) {
    post(draft, 'refund', amountNanoUsd, grantId);
    removeUnspendable(draft, grantId);
  }
}
