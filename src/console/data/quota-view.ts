import type { Quota } from './api-types.ts';
import { formatMoney, toNano } from './money.ts';
import { formatCount } from './words.ts';

export type Measure = 'usd' | 'tokens' | 'requests' | 'concurrency';
const MEASURES: readonly Measure[] = ['usd', 'tokens', 'requests', 'concurrency'];

/** A quota as it is shown. */
export interface QuotaView {
  id: string;
  scope: Quota['scope'];
  mode: Quota['mode'];
  measure: Measure;
  window: Quota['window'];
  models: string[] | null;
  /** "$50.00 a month". */
  words: string;
  limit: string;
  used: string;
  held: string;
  /** Used and held of the limit, zero to above one. */
  share: number;
  usedShare: number;
  resetsAt: string | null;
}

const WINDOWS = {
  minute: 'a minute',
  hour: 'an hour',
  day: 'a day',
  week: 'a week',
  month: 'a month',
  total: 'in all',
} as const;

export function readQuota(quota: Quota): QuotaView {
  const measure = MEASURES.find((each) => quota[`limit_${each}`] !== undefined) ?? 'usd';
  const read = (name: string): bigint => toUnits(quota[`${name}_${measure}`]);
  const write = (name: string): string => writeAmount(measure, quota[`${name}_${measure}`]);
  const [limit, used, held] = [read('current_limit'), read('used'), read('held')];
  const shareOf = (amount: bigint): number => (limit === 0n ? 1 : Number((amount * 10_000n) / limit) / 10_000);
  const models = quota.models === null ? '' : ` for ${quota.models.join(', ')}`;
  return {
    id: quota.id,
    scope: quota.scope,
    mode: quota.mode,
    measure,
    window: quota.window,
    models: quota.models,
    words: `${writeLimit(measure, quota[`current_limit_${measure}`], quota.window)}${models}`,
    limit: write('current_limit'),
    used: write('used'),
    held: write('held'),
    share: shareOf(used + held),
    usedShare: shareOf(used),
    resetsAt: quota.resets_at,
  };
}

function toUnits(value: unknown): bigint {
  return typeof value === 'string' ? toNano(value) : BigInt(Number(value ?? 0)) * 1_000_000_000n;
}

export function writeAmount(measure: Measure, value: unknown): string {
  return measure === 'usd' ? formatMoney(`${value ?? '0.00'}`) : formatCount(Number(value ?? 0));
}

function writeLimit(measure: Measure, value: unknown, window: Quota['window']): string {
  if (measure === 'concurrency') return `${writeAmount(measure, value)} calls at once`;
  const unit = measure === 'usd' ? '' : ` ${measure}`;
  return `${writeAmount(measure, value)}${unit} ${WINDOWS[window]}`;
}

/** Of the quotas that count for somebody, the one that is fullest. */
export function findBinding(
  quotas: readonly QuotaView[],
  scopes: readonly (string | null | undefined)[],
): QuotaView | undefined {
  return quotas
    .filter(({ scope, mode }) => mode !== 'shadow' && scopes.includes(scope.id))
    .reduce<QuotaView | undefined>(
      (fullest, each) => (fullest === undefined || each.share > fullest.share ? each : fullest),
      undefined,
    );
}
