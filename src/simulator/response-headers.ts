import type { SeededRandom } from './seeded-random.ts';

/** Ids of the account that answers; a proxy has to keep them to itself. */
export interface SimulatedOrganization {
  organizationId: string;
  workspaceId: string;
}

export function createOrganization(random: SeededRandom): SimulatedOrganization {
  const part = (length: number): string => random.hexadecimal(length);
  return {
    organizationId: `${part(8)}-${part(4)}-4${part(3)}-a${part(3)}-${part(12)}`,
    workspaceId: random.identifier('wrkspc_01', 22),
  };
}

export interface HeaderContext extends SimulatedOrganization {
  requestId: string;
  now: Date;
  random: SeededRandom;
  /** Metered routes carry rate limits; the others do not. */
  metered: boolean;
}

/** What stands on every answer of the API, success or not, as recorded. */
export function writeResponseHeaders(context: HeaderContext): Record<string, string> {
  const { requestId, now, random } = context;
  return {
    'request-id': requestId,
    'anthropic-organization-id': context.organizationId,
    'anthropic-workspace-id': context.workspaceId,
    ...(context.metered ? writeRateLimits(now, random) : {}),
    'strict-transport-security': 'max-age=31536000; includeSubDomains; preload',
    server: 'cloudflare',
    'cf-ray': `${random.hexadecimal(16)}-FRA`,
    'cf-cache-status': 'DYNAMIC',
    'set-cookie': `_cfuvid=${random.identifier('', 43)}; path=/; HttpOnly; Secure; SameSite=None`,
    via: '1.1 google',
    'server-timing': `x-originResponse;dur=${200 + random.integer(900)}`,
    'x-envoy-upstream-service-time': String(180 + random.integer(900)),
    'x-robots-tag': 'none',
  };
}

/** Some successes carry `retry-after` too: nobody may read it as a failure. One in twelve here. */
export function writeStrayRetryAfter(random: SeededRandom): Record<string, string> {
  return random.integer(12) === 0 ? { 'retry-after': String(1 + random.integer(50)) } : {};
}

function writeRateLimits(now: Date, random: SeededRandom): Record<string, string> {
  const reset = new Date(now.getTime() + 1_000).toISOString().replace(/\.\d{3}Z$/, 'Z');
  const limits = { requests: 4_000, 'input-tokens': 2_000_000, 'output-tokens': 400_000, tokens: 2_400_000 };
  return Object.fromEntries(
    Object.entries(limits).flatMap(([name, limit]) => {
      const used = random.integer(20) * (name === 'requests' ? 1 : 1_000);
      const prefix = `anthropic-ratelimit-${name}`;
      return [
        [`${prefix}-limit`, String(limit)],
        [`${prefix}-remaining`, String(limit - used)],
        [`${prefix}-reset`, reset],
      ];
    }),
  );
}
