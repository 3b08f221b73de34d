import type { Limits } from '../../src/config/settings.ts';
import type { Account, Principal } from '../../src/directory/directory.ts';
import { hashKeySecret } from '../../src/directory/key-secret.ts';
import { loadDefaultLimits } from '../support/shared-parts.ts';
import type { CallPlan, SeedPlan } from './plan-seed.ts';

export const START_MS = Date.UTC(2026, 10, 20, 12);
/** Short enough that every one of them passes within a seed. */
export const LIMITS: Limits = {
  ...loadDefaultLimits(),
  holdLeaseMs: 12_000,
  holdHeartbeatMs: 3_000,
  upstreamFirstByteMs: 5_000,
  upstreamSilenceMs: 5_000,
  upstreamQueueMs: 2_000,
  callTotalMs: 30_000,
  disconnectDrainMs: 8_000,
  shutdownDrainMs: 4_000,
};

export function createPrincipal(index: number, { terms, quota }: SeedPlan['accounts'][number]): Principal {
  const account: Account = {
    id: `acct_${index}`,
    name: `Account ${index}`,
    timezone: 'UTC',
    mode: 'prepaid',
    creditLimitNanoUsd: 0n,
    lowBalanceNanoUsd: [],
    createdAtMs: START_MS,
    ...terms,
  };
  const key = {
    id: `key_${index}`,
    accountId: account.id,
    name: 'laptop',
    secretHash: hashKeySecret(secretOf(index)),
    hint: 'tg_aaaa',
    createdAtMs: START_MS,
  };
  const scope = { type: 'account', id: account.id } as const;
  const rest = { id: `quota_${index}`, accountId: account.id, scope, window: 'total', mode: 'hard' } as const;
  const quotas = quota === undefined ? [] : [{ ...rest, ...quota, raises: [], createdAtMs: START_MS }];
  return { account, key, quotas };
}

function secretOf(index: number): string {
  return `tg_${String(index).repeat(43).slice(0, 43)}`;
}

export function writeRequest({ account, number, request }: CallPlan): Buffer {
  const body = JSON.stringify(request);
  const head = [
    'POST /v1/messages HTTP/1.1',
    'host: tollgate.invalid',
    `x-api-key: ${secretOf(account)}`,
    'anthropic-version: 2023-06-01',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-claude-code-session-id: call-${number}`,
    'connection: close',
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}
