import { readHoldTimeMs } from '../hold-id.ts';
import { larger, MAX_NANO_USD, type NanoUsd, smaller } from '../money.ts';
import { type AccountBooks, cellKey } from './account-books.ts';
import { findStatusRefusal } from './account-rules.ts';
import { findSpendable, paysFor } from './burn-order.ts';
import type { ExtendCommand, ExtendReply, HoldCommand, HoldReply, QuotaCell } from './credit-commands.ts';
import { findCreditRoom, refuseCredit } from './credit-left.ts';
import { HOLD_ID_TOLERANCE_MS, MAX_CELLS, MAX_HOLD_LIFE_MS } from './credit-limits.ts';
import type { CellUse, HoldState } from './credit-types.ts';
import { answerDraft, beginDraft, changeCell, commitDraft, type Decision, type Draft, post } from './draft.ts';

type Room = { amountNanoUsd: NanoUsd } | { refusal: HoldRefusal };
type HoldRefusal = Extract<HoldReply, { result: 'insufficient_credit' | 'quota_exceeded' | 'out_of_range' }>;

/**
 * Reserves credit and quota cells in one step, all or nothing: overspending is impossible because what is held
 * cannot be held again.
 */
export function hold(books: AccountBooks, command: HoldCommand, nowMs: number): Decision<HoldReply> {
  const draft = beginDraft(books, nowMs);
  const open = books.holds.get(command.holdId);
  if (open !== undefined) {
    return answerDraft(draft, (balance) => ({
      result: 'exists',
      amountNanoUsd: open.amountNanoUsd,
      balance,
      cells: readCellUses(books, command.cells),
    }));
  }
  if (books.tombstones.has(command.holdId)) return answerDraft(draft, () => ({ result: 'done' }));
  const refusal = findHoldRefusal(draft, command);
  if (refusal !== undefined) return answerDraft(draft, () => refusal);
  const room = findRoom(draft, command, command.amountNanoUsd, command.minNanoUsd ?? command.amountNanoUsd);
  if ('refusal' in room) return answerDraft(draft, () => room.refusal);

  const created = placeHold(draft, command, room.amountNanoUsd);
  return commitDraft(
    draft,
    {
      operation: 'hold',
      subjectId: command.holdId,
      amountNanoUsd: created.amountNanoUsd,
      terms: { deadlineMs: created.deadlineMs },
    },
    (balance) => ({
      result: 'held',
      amountNanoUsd: created.amountNanoUsd,
      balance,
      cells: readCellUses(books, command.cells),
    }),
  );
}

/** Prolongs a lease and, where asked for more than the hold has, enlarges it in the same step. */
export function extend(books: AccountBooks, command: ExtendCommand, nowMs: number): Decision<ExtendReply> {
  const draft = beginDraft(books, nowMs);
  const open = books.holds.get(command.holdId);
  if (open === undefined) return answerDraft(draft, () => ({ result: 'no_hold' }));
  const moreNanoUsd = command.toNanoUsd - open.amountNanoUsd;
  if (moreNanoUsd <= 0n) {
    prolong(draft, open, command.leaseMs);
    return answerDraft(draft, (balance) => ({ result: 'extended', amountNanoUsd: open.amountNanoUsd, balance }));
  }
  const refusal = findStatusRefusal(draft);
  if (refusal !== undefined) return answerDraft(draft, () => refusal);
  if (command.toNanoUsd > MAX_NANO_USD) return answerDraft(draft, () => ({ result: 'out_of_range', what: 'amount' }));
  const usdCells = command.cells.filter((cell) => cell.measure === 'usd');
  const room = findRoom(draft, { ...command, tokens: 0n, cells: usdCells }, moreNanoUsd, moreNanoUsd);
  if ('refusal' in room) return answerDraft(draft, () => room.refusal);

  prolong(draft, open, command.leaseMs);
  allocate(draft, open, moreNanoUsd, command.modelLabels);
  for (const cell of usdCells) holdCell(draft, open, cell, moreNanoUsd);
  return commitDraft(draft, { operation: 'extend', subjectId: open.holdId, amountNanoUsd: moreNanoUsd }, (balance) => ({
    result: 'extended',
    amountNanoUsd: open.amountNanoUsd,
    balance,
  }));
}

function findHoldRefusal(draft: Draft, command: HoldCommand): HoldReply | undefined {
  const refusal = findStatusRefusal(draft);
  if (refusal !== undefined) return refusal;
  const idTimeMs = readHoldTimeMs(command.holdId);
  if (idTimeMs === undefined || Math.abs(idTimeMs - draft.nowMs) > HOLD_ID_TOLERANCE_MS) return { result: 'bad_time' };
  if (command.amountNanoUsd < 0n || command.amountNanoUsd > MAX_NANO_USD)
    return { result: 'out_of_range', what: 'amount' };
  if (command.tokens < 0n || command.tokens > MAX_NANO_USD) return { result: 'out_of_range', what: 'tokens' };
  if (command.cells.length > MAX_CELLS) return { result: 'out_of_range', what: 'cells' };
  return undefined;
}

/** How much of `wanted` fits into credit and every hard cell; a refusal when that is less than `least`. Credit is asked first. */
function findRoom(
  draft: Draft,
  command: Pick<HoldCommand, 'modelLabels' | 'tokens' | 'cells'>,
  wanted: NanoUsd,
  least: NanoUsd,
): Room {
  const { availableNanoUsd, elsewhereNanoUsd } = findCredit(draft, command.modelLabels);
  if (availableNanoUsd < least) return { refusal: refuseCredit(availableNanoUsd, least, elsewhereNanoUsd) };
  let amountNanoUsd = smaller(wanted, availableNanoUsd);
  for (const cell of command.cells) {
    if (cell.mode !== 'hard') continue;
    const { used, held } = draft.books.cells.get(cellKey(cell)) ?? { used: 0n, held: 0n };
    const room = cell.limit - used - held;
    if (cell.limit === 0n || room < shareOf(cell, least, command.tokens)) return { refusal: refuseCell(cell, room) };
    if (cell.measure === 'usd') amountNanoUsd = smaller(amountNanoUsd, room);
  }
  if (isUncountable(draft, command, amountNanoUsd)) return { refusal: { result: 'out_of_range', what: 'cells' } };
  return { amountNanoUsd };
}

/** Whether a cell would hold more than every store can count, which one that limits nothing could come to. */
function isUncountable(draft: Draft, command: Pick<HoldCommand, 'tokens' | 'cells'>, amountNanoUsd: NanoUsd): boolean {
  return command.cells.some((cell) => {
    const held = draft.books.cells.get(cellKey(cell))?.held ?? 0n;
    return held + shareOf(cell, amountNanoUsd, command.tokens) > MAX_NANO_USD;
  });
}

/** Spendable grants that pay for the model, with the room left on the credit limit, and those that do not. */
function findCredit(draft: Draft, modelLabels: readonly string[]) {
  let availableNanoUsd = findCreditRoom(draft.books);
  let elsewhereNanoUsd = 0n;
  for (const grant of findSpendable(draft.books, draft.nowMs)) {
    if (paysFor(grant, modelLabels)) availableNanoUsd += grant.remainingNanoUsd;
    else elsewhereNanoUsd += grant.remainingNanoUsd;
  }
  return { availableNanoUsd, elsewhereNanoUsd };
}

function refuseCell(cell: QuotaCell, room: bigint): HoldRefusal {
  return {
    result: 'quota_exceeded',
    quotaId: cell.quotaId,
    window: cell.window,
    limit: cell.limit,
    room: larger(room, 0n),
    ...(cell.endsAtMs === undefined ? {} : { endsAtMs: cell.endsAtMs }),
  };
}

function placeHold(draft: Draft, command: HoldCommand, amountNanoUsd: NanoUsd): HoldState {
  const created: HoldState = {
    holdId: command.holdId,
    amountNanoUsd: 0n,
    deadlineMs: draft.nowMs + command.leaseMs,
    createdAtMs: draft.nowMs,
    allocations: [],
    debtHeldNanoUsd: 0n,
    cells: [],
  };
  draft.books.holds.set(created.holdId, created);
  allocate(draft, created, amountNanoUsd, command.modelLabels);
  for (const cell of command.cells) {
    holdCell(draft, created, cell, shareOf(cell, amountNanoUsd, command.tokens));
  }
  return created;
}

/** Takes an amount that is known to fit: grants in burn order, then the credit limit. */
function allocate(draft: Draft, target: HoldState, amountNanoUsd: NanoUsd, modelLabels: readonly string[]): void {
  let missing = amountNanoUsd;
  for (const grant of findSpendable(draft.books, draft.nowMs, modelLabels)) {
    if (missing === 0n) break;
    const amount = smaller(grant.remainingNanoUsd, missing);
    post(draft, 'hold', amount, grant.grantId);
    addAllocation(target, grant.grantId, amount);
    missing -= amount;
  }
  post(draft, 'debt_hold', missing);
  target.debtHeldNanoUsd += missing;
  target.amountNanoUsd += amountNanoUsd;
}

export function addAllocation(target: HoldState, grantId: string, amountNanoUsd: NanoUsd): void {
  const last = target.allocations.find((allocation) => allocation.grantId === grantId);
  if (last === undefined) target.allocations.push({ grantId, amountNanoUsd });
  else last.amountNanoUsd += amountNanoUsd;
}

function holdCell(draft: Draft, target: HoldState, cell: QuotaCell, share: bigint): void {
  const { quotaId, window } = cell;
  changeCell(draft, { quotaId, window, held: share, used: 0n });
  addCellShare(target, quotaId, window, share);
}

export function addCellShare(target: HoldState, quotaId: string, window: string, held: bigint): void {
  if (held === 0n) return;
  const present = target.cells.find((share) => share.quotaId === quotaId && share.window === window);
  if (present === undefined) target.cells.push({ quotaId, window, held });
  else present.held += held;
}

/** A call's share in a cell. Open calls count one each, and so do requests but for those of a batch. */
export function shareOf(cell: Pick<QuotaCell, 'measure' | 'count'>, amountNanoUsd: NanoUsd, tokens: bigint): bigint {
  if (cell.measure === 'usd') return amountNanoUsd;
  if (cell.measure === 'tokens') return tokens;
  return cell.measure === 'requests' ? BigInt(cell.count ?? 1) : 1n;
}

/** Time bounds a lease twice: never shortened, never past the longest life of a hold. */
function prolong(draft: Draft, target: HoldState, leaseMs: number): void {
  const wanted = Math.min(draft.nowMs + leaseMs, target.createdAtMs + MAX_HOLD_LIFE_MS);
  target.deadlineMs = Math.max(target.deadlineMs, wanted);
}

function readCellUses(books: AccountBooks, cells: readonly QuotaCell[]): CellUse[] {
  return cells.map(({ quotaId, window }) => {
    const { used, held } = books.cells.get(cellKey({ quotaId, window })) ?? { used: 0n, held: 0n };
    return { quotaId, window, used, held };
  });
}
