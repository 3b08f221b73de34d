import { createReload, type ReloadMode, type ReloadState } from '../../domain/credit/reload-state.ts';

/** Auto-reload as lib-reload.lua keeps it: every value a text, 0 for a number that there is not. */

export function readReload(fields: ReadonlyMap<string, string>): ReloadState {
  if (fields.size === 0) return createReload();
  const amount = (name: string): bigint => BigInt(fields.get(name) ?? `${name} is missing`);
  const number = (name: string): number => Number(amount(name));
  const recent = fields.get('recent') ?? '';
  const pending = {
    number: number('pending_number'),
    amountNanoUsd: amount('pending_amount'),
    requestedAtMs: number('pending_at'),
  };
  return {
    enabled: fields.get('enabled') === '1',
    ...(fields.get('reason') === 'declined' ? { disabledReason: 'declined' } : {}),
    thresholdNanoUsd: amount('threshold'),
    mode: fields.get('mode') as ReloadMode,
    amountNanoUsd: amount('amount'),
    monthlyCapNanoUsd: amount('monthly_cap'),
    hourlyCount: number('hourly_count'),
    count: number('count'),
    ...(pending.number === 0 ? {} : { pending }),
    monthEndsAtMs: number('month_ends'),
    monthNanoUsd: amount('month_amount'),
    recentMs: recent === '' ? [] : recent.split(',').map(Number),
    declines: number('declines'),
    nextAtMs: number('next_at'),
  };
}

export function writeReload(reload: ReloadState): { [field: string]: string } {
  const { pending } = reload;
  return {
    ...{ enabled: reload.enabled ? '1' : '0', reason: reload.disabledReason ?? '', mode: reload.mode },
    ...{ threshold: `${reload.thresholdNanoUsd}`, amount: `${reload.amountNanoUsd}` },
    ...{ monthly_cap: `${reload.monthlyCapNanoUsd}`, hourly_count: `${reload.hourlyCount}`, count: `${reload.count}` },
    ...{ pending_number: `${pending?.number ?? 0}`, pending_amount: `${pending?.amountNanoUsd ?? 0}` },
    ...{ pending_at: `${pending?.requestedAtMs ?? 0}`, month_ends: `${reload.monthEndsAtMs}` },
    ...{ month_amount: `${reload.monthNanoUsd}`, recent: reload.recentMs.join() },
    ...{ declines: `${reload.declines}`, next_at: `${reload.nextAtMs}` },
  };
}
