import type { Directory } from '../directory/directory.ts';
import { NANO_PER_USD } from '../domain/money.ts';
import { MAX_QUOTAS } from '../domain/quota-rules.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type QuotaUse, readQuotaUse } from '../ledger/read-quota-use.ts';
import type { QuotaFigure } from '../observability/quota-figure.ts';

export interface QuotaFiguresParts {
  directory: Pick<Directory, 'findAccount' | 'listQuotas'>;
  ledger: Pick<Ledger, 'readCells'>;
  nowMs: () => number;
}

/** Reads how the quotas of an account stand, for their gauges. A closed account has none. */
export function createQuotaFigures(parts: QuotaFiguresParts): (accountId: string) => Promise<QuotaFigure[]> {
  return async (accountId) => {
    const quotas = await parts.directory.listQuotas(accountId, { limit: MAX_QUOTAS });
    if (quotas.length === 0) return [];
    const account = await parts.directory.findAccount(accountId);
    if (account === undefined || account.closedAtMs !== undefined) return [];
    const at = { atMs: parts.nowMs(), timezone: account.timezone };
    return (await readQuotaUse(parts.ledger, accountId, quotas, at)).map(toFigure);
  };
}

function toFigure({ quota, window, limit, used, held }: QuotaUse): QuotaFigure {
  const counted = quota.measure === 'concurrency' ? held : used;
  return {
    accountId: quota.accountId,
    quotaId: quota.id,
    scope: quota.scope.type,
    window: quota.window,
    ...(quota.measure === 'usd' ? { limitUsd: Number(limit) / Number(NANO_PER_USD) } : {}),
    ...(limit > 0n ? { usedRatio: Number(counted) / Number(limit) } : {}),
    ...(window.endsAtMs === undefined ? {} : { resetsAtMs: window.endsAtMs }),
  };
}
