import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Principal } from '../../directory/directory.ts';
import { presentBalance } from '../../domain/credit/present-balance.ts';
import { formatUsd } from '../../domain/money.ts';
import { createWindowCache } from '../../domain/window-cache.ts';
import { readQuotaUse } from '../../ledger/read-quota-use.ts';
import { readKeySpend } from '../../reports/read-key-spend.ts';
import { readUsage } from '../../reports/read-usage.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentJournalEntry } from '../answers/present-journal-entry.ts';
import { presentKey } from '../answers/present-key.ts';
import { presentQuota } from '../answers/present-quota.ts';
import { presentUsageCounts, presentUsageRow } from '../answers/present-usage.ts';
import { writeTime } from '../answers/write-time.ts';
import { readBooks } from '../find-account-books.ts';
import { refuse, refuseFields } from '../problem.ts';
import { readUsageQuestion, refuseRows } from '../routes/usage-routes.ts';
import { usageQuery } from '../schemas/report-schemas.ts';
import { pressForBrowsers } from './press-answers.ts';
import { readKeyCalls } from './read-key-calls.ts';
import { requireSession, type SignedInParts } from './signed-in.ts';

type MeParts = SignedInParts & AdminParts;

/** What the holder of an API key sees: the key's own usage, quotas and calls, and what is left of its account. */
export function addMeRoutes(app: AdminApp, parts: MeParts): void {
  app.addHook('onRequest', requireSession(parts));
  app.addHook('onRequest', async (request, reply) => {
    if (request.viewer?.type === 'key') return undefined;
    return refuse(reply, 'forbidden', 'This is for those who signed in with an API key.');
  });
  pressForBrowsers(app);
  addMe(app, parts);
  addMyUsage(app, parts);
  addMyCalls(app, parts);
}

/** The hook has seen to it. */
function holderOf({ viewer }: FastifyRequest): Principal {
  if (viewer?.type !== 'key') throw new Error('a key holder’s route was reached without a key');
  return viewer.principal;
}

function addMe(app: AdminApp, parts: MeParts): void {
  const { ledger, reports, clock } = parts;
  app.get('/console/me', { schema: { hide: true } }, async (request) => {
    const { account, team, member, key, quotas } = holderOf(request);
    const atMs = clock();
    await reports.fold.foldAccount(account.id);
    const at = { atMs, timezone: account.timezone };
    // A shadow quota is the operator's trial, not the caller's limit.
    const limiting = quotas.filter(({ mode }) => mode !== 'shadow');
    const [balance, uses, spend] = await Promise.all([
      readBooks(ledger, account),
      readQuotaUse(ledger, account.id, limiting, at),
      readKeySpend(reports.store, { accountId: account.id, keyId: key.id, ...at }),
    ]);
    const { status, mode } = balance;
    return {
      account: { id: account.id, name: account.name, timezone: account.timezone, status, mode },
      team: team === undefined ? null : { id: team.id, name: team.name },
      member: member === undefined ? null : { id: member.id, name: member.name },
      key: presentKey(key, atMs),
      balance: presentBalance(balance),
      spend: { today_usd: formatUsd(spend.todayNanoUsd), month_usd: formatUsd(spend.monthNanoUsd) },
      quotas: uses.map(presentQuota),
    };
  });
}

function addMyUsage(app: AdminApp, parts: MeParts): void {
  const { reports, clock } = parts;
  const findWindow = createWindowCache();
  app.get('/console/me/usage', { schema: { hide: true, querystring: usageQuery } }, async (request, reply) => {
    const { account, key } = holderOf(request);
    const asked = readUsageQuestion(account, request.query, clock(), findWindow);
    if (Array.isArray(asked)) return refuseFields(reply, asked);
    // Sessions are kept without the key, so they cannot be told apart by it.
    if (asked.groupBy.includes('session'))
      return refuseFields(reply, [{ field: 'group_by', message: 'must be without session' }]);
    await reports.fold.foldAccount(account.id);
    const question = { ...asked, only: { ...asked.only, key: key.id } };
    const report = await readUsage(reports.store, findWindow, question);
    if (report === undefined) return refuseRows(reply);
    return {
      ...{ timezone: account.timezone, from: writeTime(asked.fromMs), to: writeTime(asked.toMs), bucket: asked.bucket },
      data: report.rows.map(presentUsageRow),
      total: presentUsageCounts(report.total),
    };
  });
}

function addMyCalls(app: AdminApp, { ledger }: MeParts): void {
  const querystring = Type.Object(
    {
      after: Type.Optional(Type.Integer({ minimum: 1 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
    },
    { additionalProperties: false },
  );
  app.get('/console/me/calls', { schema: { hide: true, querystring } }, async (request) => {
    const { account, key } = holderOf(request);
    const { after, limit = 50 } = request.query;
    const found = await readKeyCalls(ledger, account.id, { keyId: key.id, below: after, limit });
    const data = found.entries.map(presentJournalEntry);
    const { nextBelow } = found;
    return { data, has_more: nextBelow !== undefined, ...(nextBelow === undefined ? {} : { next_after: nextBelow }) };
  });
}
