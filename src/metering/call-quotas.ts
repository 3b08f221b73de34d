import type { CellUse } from '../domain/credit/credit-types.ts';
import { shareOf } from '../domain/credit/hold-rules.ts';
import { type AppliedQuota, countsModels } from '../domain/quota.ts';
import type { RateCard } from '../domain/rate-card.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { HoldCommand, SettleCommand } from '../ledger/ledger.ts';
import { labelsOf } from './reachable-models.ts';

/** The hard quota that a call's owner has used the most of, as it stood when the call began. */
export interface BindingQuota {
  quota: AppliedQuota['quota'];
  /** In force at the call's start, above zero. */
  limit: bigint;
  /** Settled; what open calls hold is not in it. */
  used: bigint;
  endsAtMs?: number;
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
  if (applied.length === 0) return NO_CELLS;
  const labels = applied.some(({ quota }) => namesModels(quota))
    ? labelsOf(card, new Set([requestedModel, usage.model, ...usage.passes.map(({ model }) => model)]))
    : 'any';
  const name = labels === 'any' ? '' : JSON.stringify(labels);
  const found = settleCells.get(applied) ?? new Map<string, SettleCommand['cells']>();
  const known = found.get(name);
  if (known !== undefined) return known;
  const cells = Object.freeze(listSettleCells(applied, labels));
  if (found.size >= LABELS_AT_MOST) found.clear();
  settleCells.set(applied, found.set(name, cells));
  return cells;
}

const NO_CELLS: SettleCommand['cells'] = Object.freeze([]);

/** Of each list of quotas, by the labels of the models: the calls of one caller share both as a rule. */
const settleCells = new WeakMap<readonly AppliedQuota[], Map<string, SettleCommand['cells']>>();
const LABELS_AT_MOST = 64;

function listSettleCells(applied: readonly AppliedQuota[], labels: readonly string[] | 'any'): SettleCells {
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
export function namesModels({ models }: { models?: readonly string[] }): boolean {
  return models !== undefined;
}

/**
 * The quota to tell a client of: hard, in dollars, tokens or requests, and of an hour or longer, since a minute passes
 * by itself.
 * @param uses of the cells, in their order.
 */
export function findBindingQuota(applied: readonly AppliedQuota[], uses: readonly CellUse[]): BindingQuota | undefined {
  let binding: BindingQuota | undefined;
  let index = -1;
  for (const { quota, cell } of applied) {
    index += 1;
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
