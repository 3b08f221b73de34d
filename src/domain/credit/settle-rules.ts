import { readHoldTimeMs } from '../hold-id.ts';
import { larger, MAX_NANO_USD, type NanoUsd, smaller } from '../money.ts';
import type { AccountBooks } from './account-books.ts';
import { findSpendable } from './burn-order.ts';
import type { ReclaimReply, ReleaseCommand, ReleaseReply, SettleCommand, SettleReply } from './credit-commands.ts';
import { TOMBSTONE_LIFE_MS } from './credit-limits.ts';
import type { HoldState, Tombstone } from './credit-types.ts';
import { answerDraft, beginDraft, changeCell, commitDraft, type Decision, type Draft, post } from './draft.ts';
import { shareOf } from './hold-rules.ts';
import { findGrant } from './post.ts';

/**
 * Charges a call at its true cost, exactly once. The tokens are already burnt when this comes, so a hold that was
 * reclaimed or lost is charged late instead of refused, and cost beyond the hold becomes a draw or debt.
 */
export function settle(books: AccountBooks, command: SettleCommand, nowMs: number): Decision<SettleReply> {
  const draft = beginDraft(books, nowMs);
  const open = books.holds.get(command.holdId);
  const tombstone = books.tombstones.get(command.holdId);
  if (open === undefined) {
    const answer = findSettleAnswer(draft, command, tombstone);
    if (answer !== undefined) return answerDraft(draft, () => answer);
  }
  const outOfRange = findSettleOutOfRange(books, command);
  if (outOfRange !== undefined) return answerDraft(draft, () => ({ result: 'out_of_range', what: outOfRange }));

  const result = open === undefined ? 'late' : 'settled';
  const overageNanoUsd = chargeHold(draft, command, open);
  for (const cell of command.cells) {
    const used = cell.measure === 'concurrency' ? 0n : shareOf(cell, command.amountNanoUsd, command.tokens);
    changeCell(draft, { quotaId: cell.quotaId, window: cell.window, held: 0n, used });
  }
  closeHold(draft, command.holdId, result, command.amountNanoUsd);
  return commitDraft(
    draft,
    {
      operation: result === 'late' ? 'late' : 'settle',
      subjectId: command.holdId,
      amountNanoUsd: command.amountNanoUsd,
      details: command.details,
    },
    (balance) => ({ result, overageNanoUsd, balance }),
  );
}

/** Gives everything back. On an unknown id it leaves a tombstone, so that a delayed hold cannot come alive. */
export function release(books: AccountBooks, command: ReleaseCommand, nowMs: number): Decision<ReleaseReply> {
  const draft = beginDraft(books, nowMs);
  const open = books.holds.get(command.holdId);
  const tombstone = books.tombstones.get(command.holdId);
  if (open === undefined && tombstone !== undefined) {
    return answerDraft(draft, () => ({ result: tombstone.state === 'released' ? 'duplicate' : 'done' }));
  }
  if (open === undefined && isTooOld(draft, command.holdId)) return answerDraft(draft, () => ({ result: 'done' }));
  if (open !== undefined) giveBack(draft, open, 0n);
  closeHold(draft, command.holdId, 'released', 0n);
  return commitDraft(
    draft,
    {
      operation: 'release',
      subjectId: command.holdId,
      amountNanoUsd: open?.amountNanoUsd ?? 0n,
      details: command.details,
    },
    (balance) => ({ result: 'released', balance }),
  );
}

/** Releases a hold whose lease has ended: its proxy died. A settle that turns up later is charged late. */
export function reclaim(books: AccountBooks, command: ReleaseCommand, nowMs: number): Decision<ReclaimReply> {
  const draft = beginDraft(books, nowMs);
  const open = books.holds.get(command.holdId);
  if (open === undefined) {
    const result = books.tombstones.has(command.holdId) ? 'done' : 'no_hold';
    return answerDraft(draft, () => ({ result }));
  }
  if (open.deadlineMs > draft.nowMs) return answerDraft(draft, () => ({ result: 'early' }));
  const { amountNanoUsd } = open;
  giveBack(draft, open, 0n);
  closeHold(draft, command.holdId, 'reclaimed', 0n);
  return commitDraft(
    draft,
    { operation: 'reclaim', subjectId: command.holdId, amountNanoUsd, details: command.details },
    (balance) => ({ result: 'reclaimed', amountNanoUsd, balance }),
  );
}

/** The answer to a settle that finds no open hold; undefined: charge it late. */
function findSettleAnswer(
  draft: Draft,
  command: SettleCommand,
  tombstone: Tombstone | undefined,
): SettleReply | undefined {
  if (tombstone === undefined) return isTooOld(draft, command.holdId) ? { result: 'too_old' } : undefined;
  if (tombstone.state === 'reclaimed') return undefined;
  if (tombstone.state === 'released') return { result: 'conflict' };
  return { result: tombstone.amountNanoUsd === command.amountNanoUsd ? 'duplicate' : 'conflict' };
}

function findSettleOutOfRange(books: AccountBooks, command: SettleCommand): string | undefined {
  if (command.amountNanoUsd < 0n || command.amountNanoUsd > MAX_NANO_USD) return 'amount';
  if (command.tokens < 0n || command.tokens > MAX_NANO_USD) return 'tokens';
  return books.chargedNanoUsd + command.amountNanoUsd > MAX_NANO_USD ? 'charged' : undefined;
}

/** Past the tombstones' life nobody can say any more whether this id was charged. An id that cannot be read is too old. */
function isTooOld(draft: Draft, holdId: string): boolean {
  const idTimeMs = readHoldTimeMs(holdId);
  return idTimeMs === undefined || draft.nowMs - idTimeMs > TOMBSTONE_LIFE_MS;
}

/** @returns what the hold did not cover: drawn from live credit, the rest owed. */
function chargeHold(draft: Draft, command: SettleCommand, open: HoldState | undefined): NanoUsd {
  const uncovered = open === undefined ? command.amountNanoUsd : giveBack(draft, open, command.amountNanoUsd);
  drawCredit(draft, uncovered, command.modelLabels);
  return larger(uncovered - (open?.debtHeldNanoUsd ?? 0n), 0n);
}

/** Takes a charge from live credit in burn order, of any model scope where no model is named; the rest is owed. */
export function drawCredit(draft: Draft, chargeNanoUsd: NanoUsd, modelLabels?: readonly string[]): void {
  let missing = chargeNanoUsd;
  for (const grant of findSpendable(draft.books, draft.nowMs, modelLabels)) {
    const amount = smaller(grant.remainingNanoUsd, missing);
    post(draft, 'draw', amount, grant.grantId);
    missing -= amount;
  }
  post(draft, 'debt', missing);
}

/**
 * Empties a hold: the first `chargeNanoUsd` of its allocations are spent, in burn order, the rest returns to its
 * grants, from where what may no longer be spent leaves at once.
 * @returns the part of the charge that no allocation covered.
 */
function giveBack(draft: Draft, open: HoldState, chargeNanoUsd: NanoUsd): NanoUsd {
  let missing = chargeNanoUsd;
  for (const { grantId, amountNanoUsd } of open.allocations) {
    const spent = smaller(amountNanoUsd, missing);
    post(draft, 'settle', spent, grantId);
    post(draft, 'unhold', amountNanoUsd - spent, grantId);
    missing -= spent;
    removeUnspendable(draft, grantId);
  }
  post(draft, 'debt_unhold', open.debtHeldNanoUsd);
  for (const { quotaId, window, held } of open.cells) changeCell(draft, { quotaId, window, held: -held, used: 0n });
  return missing;
}

/** Credit given back to a voided grant is voided; to an expired one, or in a closed account, it expires. */
export function removeUnspendable(draft: Draft, grantId: string): void {
  const grant = findGrant(draft.books, grantId);
  if (grant.voided) post(draft, 'void', grant.remainingNanoUsd, grantId);
  else if (grant.expiresAtMs <= draft.nowMs || draft.books.status === 'closed') {
    post(draft, 'expire', grant.remainingNanoUsd, grantId);
  }
}

function closeHold(draft: Draft, holdId: string, state: Tombstone['state'], amountNanoUsd: NanoUsd): void {
  draft.books.holds.delete(holdId);
  draft.books.tombstones.set(holdId, { state, amountNanoUsd, atMs: draft.nowMs });
}
