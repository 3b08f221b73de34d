import type { Principal } from '../directory/directory.ts';
import type { MessagesRequest } from '../domain/call-request.ts';
import type { CellUse } from '../domain/credit/credit-types.ts';
import { shareOf } from '../domain/credit/hold-rules.ts';
import { type AppliedQuota, countsModels, findQuotaCells } from '../domain/quota.ts';
import type { WindowFinder } from '../domain/quota-window.ts';
import type { RateCard } from '../domain/rate-card.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { HoldCommand, SettleCommand } from '../ledger/ledger.ts';
import { labelsOf, reachableLabels } from './reachable-models.ts';

/** The hard quota that a call's owner has used the most of, as it stood when the call began. */
export interface BindingQuota {
  quota: AppliedQuota['quota'];
  /** In force at the call's start, above zero. */
  limit: bigint;
  /** Settled; what open calls hold is not in it. */
  used: bigint;
  endsAtMs?: number;
}

/** The quotas that count a call, with its cells: those of every model that it can reach. */
export function findCallQuotas(
  { account, team, member, key, quotas }: Principal,
  card: RateCard,
  request: MessagesRequest,
  atMs: number,
  findWindow: WindowFinder,
): AppliedQuota[] {
  if (quotas.length === 0) return [];
  const call = {
    accountId: account.id,
    teamId: team?.id,
    memberId: member?.id,
    keyId: key.id,
    modelLabels: quotas.some(namesModels) ? reachableLabels(card, request) : ('any' as const),
    atMs,
    timezone: account.timezone,
  };
  return findQuotaCells(quotas, call, findWindow);
}

/**
 * The cells in which an ended call is counted: of the windows it began in, and of those quotas on models only that
 * name the model asked for or one that answered. What it held in the others is given back with the hold.
 */
export function findSettleCells(
  applied: readonly AppliedQuota[],
  card: RateCard,
  requestedModel: string,
  { usage }: Extract<Settlement, { action: 'settle' }>,
): SettleCommand['cells'] {
  if (applied.length === 0) return [];
  const labels = applied.some(({ quota }) => namesModels(quota))
    ? labelsOf(card, new Set([requestedModel, usage.model, ...usage.passes.map(({ model }) => model)]))
    : 'any';
  const cells: SettleCells = [];
  for (const { quota, cell } of applied) {
    if (!countsModels(quota, labels)) continue;
    const { quotaId, window, measure, endsAtMs } = cell;
    cells.push(endsAtMs === undefined ? { quotaId, window, measure } : { quotaId, window, measure, endsAtMs });
  }
  return cells;
}

type SettleCells = SettleCommand['cells'][number][];

/** Where none does, it does not matter which models a call can reach. */
function namesModels({ models }: { models?: readonly string[] }): boolean {
  return models !== undefined;
}

/**
 * The quota to tell a client of: hard, in dollars, tokens or requests, and of an hour or longer, since a minute passes
 * by itself.
 * @param uses of the cells, in their order.
 */
export function findBindingQuota(applied: readonly AppliedQuota[], uses: readonly CellUse[]): BindingQuota | undefined {
  let binding: BindingQuota | undefined;
  for (const [index, { quota, cell }] of applied.entries()) {
    if (cell.mode !== 'hard' || quota.measure === 'concurrency' || quota.window === 'minute') continue;
    const used = uses[index]?.used ?? 0n;
    // Cross-multiplied: a quotient of integers would make 99.9 % of one quota and 99.1 % of another the same.
    if (cell.limit === 0n || (binding !== undefined && used * binding.limit <= binding.used * cell.limit)) continue;
    const { limit, endsAtMs } = cell;
    binding = { quota, limit, used, ...(endsAtMs === undefined ? {} : { endsAtMs }) };
  }
  return binding;
}

/** What a call takes of a cell: its ceiling in dollars or tokens, or one. */
export function neededOf(cell: AppliedQuota['cell'], { amountNanoUsd, tokens }: HoldCommand): bigint {
  return shareOf(cell, amountNanoUsd, tokens);
}
