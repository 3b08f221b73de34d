import type { Principal } from '../directory/directory.ts';
import type { MessagesRequest } from '../domain/call-request.ts';
import { type AppliedQuota, findQuotaCells, findSameCells } from '../domain/quota.ts';
import type { WindowFinder } from '../domain/quota-window.ts';
import type { RateCard } from '../domain/rate-card.ts';
import type { HoldCommand } from '../ledger/ledger.ts';
import { namesModels } from './call-quotas.ts';
import { reachableLabels } from './reachable-models.ts';

/** The quotas that count a call, and the cell of each. Frozen: one for all calls that are counted alike. */
export interface CallQuotas {
  quotas: readonly AppliedQuota[];
  cells: HoldCommand['cells'];
}

/** The quotas that count a call, with its cells: those of every model that it can reach. */
export type QuotaFinder = (principal: Principal, card: RateCard, request: MessagesRequest, atMs: number) => CallQuotas;

/** What was found for a caller, by the labels of the models that a call can reach. */
interface Found {
  fromMs: number;
  untilMs: number;
  namesModels: boolean;
  byLabels: Map<string, CallQuotas>;
}

const NONE: CallQuotas = { quotas: Object.freeze([]), cells: Object.freeze([]) };

/** Sets of models that the calls of one caller reach; the labels are the caller's choice, so there is a bound. */
const LABELS_AT_MOST = 64;

/**
 * Finds quotas with a memory: a caller's calls have the same until a window turns, a raise begins or ends, or the
 * caller is read anew, which is another object. What is kept of one goes with it.
 * @param findWindow `findWindow` of quota-window.ts, or a cache of it.
 */
export function createQuotaFinder(findWindow: WindowFinder): QuotaFinder {
  const found = new WeakMap<Principal, Found>();
  const findBy = (principal: Principal, atMs: number): Found => {
    const known = found.get(principal);
    if (known !== undefined && known.fromMs <= atMs && atMs < known.untilMs) return known;
    const { quotas, account } = principal;
    const span = findSameCells(quotas, { atMs, timezone: account.timezone }, findWindow);
    const made = { ...span, namesModels: quotas.some(namesModels), byLabels: new Map() };
    found.set(principal, made);
    return made;
  };
  return (principal, card, request, atMs) => {
    if (principal.quotas.length === 0) return NONE;
    const by = findBy(principal, atMs);
    // Where none names a model, it does not matter which a call can reach.
    const modelLabels = by.namesModels ? reachableLabels(card, request) : 'any';
    const name = modelLabels === 'any' ? '' : JSON.stringify(modelLabels);
    const known = by.byLabels.get(name);
    if (known !== undefined) return known;
    const made = findQuotas(principal, modelLabels, atMs, findWindow);
    if (by.byLabels.size >= LABELS_AT_MOST) by.byLabels.clear();
    by.byLabels.set(name, made);
    return made;
  };
}

function findQuotas(
  { account, team, member, key, quotas }: Principal,
  modelLabels: readonly string[] | 'any',
  atMs: number,
  findWindow: WindowFinder,
): CallQuotas {
  const call = {
    accountId: account.id,
    teamId: team?.id,
    memberId: member?.id,
    keyId: key.id,
    modelLabels,
    atMs,
    timezone: account.timezone,
  };
  const applied = findQuotaCells(quotas, call, findWindow);
  return { quotas: Object.freeze(applied), cells: Object.freeze(applied.map(({ cell }) => cell)) };
}
