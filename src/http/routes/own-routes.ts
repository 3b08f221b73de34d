import type { FastifyInstance } from 'fastify';
import type { Principal } from '../../directory/directory.ts';
import { findCreditLeft } from '../../domain/credit/credit-left.ts';
import type { AccountBalance } from '../../domain/credit/credit-types.ts';
import { presentBalance } from '../../domain/credit/present-balance.ts';
import { formatUsd, type NanoUsd } from '../../domain/money.ts';
import { LedgerUnavailable } from '../../ledger/ledger.ts';
import { type QuotaUse, readQuotaUse, writeMeasured } from '../../ledger/read-quota-use.ts';
import { writeBalanceLine } from '../balance-line.ts';
import type { PublicParts } from '../public-parts.ts';
import { refuseRequest } from '../refuse-request.ts';

/** Time for which an answer about the store is good: probes must not become load. */
const READINESS_MS = 1_000;

/** The routes that are Tollgate's own. */
export function addOwnRoutes(app: FastifyInstance, parts: PublicParts): void {
  // Claude Code asks this to see whether there is a server at all.
  app.head('/', (_request, reply) => reply.code(200).send());
  app.route({
    method: ['GET', 'HEAD'],
    url: '/livez',
    handler: (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'alive' }),
  });
  addReadiness(app, parts);
  addBalance(app, parts);
}

function addReadiness(app: FastifyInstance, parts: PublicParts): void {
  let known: { untilMs: number; ready: Promise<boolean> } | undefined;
  const isStoreReady = (): Promise<boolean> => {
    const nowMs = parts.timers.nowMs();
    if (known === undefined || nowMs >= known.untilMs) {
      const ready = parts.ledger.ping().then(
        () => true,
        () => false,
      );
      known = { untilMs: nowMs + READINESS_MS, ready };
    }
    return known.ready;
  };
  app.route({
    method: ['GET', 'HEAD'],
    url: '/readyz',
    async handler(_request, reply) {
      const problem = parts.isClosing() ? 'shutting_down' : (await isStoreReady()) ? undefined : 'store_unavailable';
      return reply
        .code(problem === undefined ? 200 : 503)
        .header('cache-control', 'no-store')
        .send(problem === undefined ? { status: 'ready' } : { status: 'not_ready', reason: problem });
    },
  });
}

function addBalance(app: FastifyInstance, parts: PublicParts): void {
  app.get('/v1/balance', async (request, reply) => {
    const principal = request.tollgate.principal as Principal;
    try {
      const { id, timezone } = principal.account;
      const atMs = parts.timers.nowMs();
      // A shadow quota is the operator's trial, not the caller's limit.
      const limiting = principal.quotas.filter(({ mode }) => mode !== 'shadow');
      const [balance, uses, spend] = await Promise.all([
        parts.ledger.readBalance(id),
        readQuotaUse(parts.ledger, id, limiting, { atMs, timezone }),
        parts.readKeySpend({ accountId: id, keyId: principal.key.id, timezone, atMs }),
      ]);
      if (balance === undefined) return refuseRequest(parts, request, reply, { kind: 'ledger_unavailable' });
      reply.headers({ 'cache-control': 'no-store', 'request-id': request.tollgate.requestId });
      if (!wantsText(request.headers.accept)) return reply.send(describeBalance(principal, balance, uses, spend));
      return reply.type('text/plain; charset=utf-8').send(writeBalanceLine(balance, uses));
    } catch (error) {
      parts.metrics.storeFailed('read');
      if (!(error instanceof LedgerUnavailable)) throw error;
      return refuseRequest(parts, request, reply, { kind: 'ledger_unavailable' });
    }
  });
}

/** One line for people, to those who name plain text and nothing else; the rest get JSON. */
function wantsText(accept: string | undefined): boolean {
  return /^text\/plain(;|$)/i.test(accept?.trim() ?? '');
}

/** What a caller may know of its own account: the figures, and the names by which it goes here. */
function describeBalance(
  { account, team, member, key }: Principal,
  balance: AccountBalance,
  uses: readonly QuotaUse[],
  spend: { todayNanoUsd: NanoUsd; monthNanoUsd: NanoUsd },
) {
  return {
    account: { id: account.id, name: account.name, mode: account.mode, status: balance.status },
    team: team === undefined ? null : { id: team.id, name: team.name },
    member: member === undefined ? null : { id: member.id, name: member.name },
    key: {
      id: key.id,
      name: key.name,
      expires_at: key.expiresAtMs === undefined ? null : new Date(key.expiresAtMs).toISOString(),
    },
    balance: {
      ...presentBalance(balance),
      credit_limit_usd: formatUsd(balance.creditLimitNanoUsd),
      left_usd: formatUsd(findCreditLeft(balance)),
    },
    spend: { today_usd: formatUsd(spend.todayNanoUsd), month_usd: formatUsd(spend.monthNanoUsd) },
    quotas: uses.map(describeQuota),
  };
}

/** The limit is the one in force. Amounts are named after what is measured: `limit_usd`, `used_tokens`. */
function describeQuota({ quota, window, limit, used, held }: QuotaUse) {
  const { measure } = quota;
  return {
    id: quota.id,
    scope: quota.scope,
    window: quota.window,
    mode: quota.mode,
    models: quota.models ?? null,
    [`limit_${measure}`]: writeMeasured(measure, limit),
    [`used_${measure}`]: writeMeasured(measure, used),
    [`held_${measure}`]: writeMeasured(measure, held),
    resets_at: window.endsAtMs === undefined ? null : new Date(window.endsAtMs).toISOString(),
  };
}
