import type { FastifyReply } from 'fastify';
import { parseTime } from '../../domain/parse-time.ts';
import type { WindowFinder } from '../../domain/quota-window.ts';
import { createWindowCache } from '../../domain/window-cache.ts';
import {
  readUsage,
  USAGE_ROWS_AT_MOST,
  type UsageFilter,
  type UsageGroup,
  type UsageQuestion,
} from '../../reports/read-usage.ts';
import { teamOf } from '../access/caller.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentUsageCounts, presentUsageRow, writeUsageCsv } from '../answers/present-usage.ts';
import { writeTime } from '../answers/write-time.ts';
import { findAccountOrRefuse } from '../find-account-or-refuse.ts';
import { findUnknownFilters } from '../find-unknown-filters.ts';
import { describeFieldErrors, type FieldError, refuse, refuseFields } from '../problem.ts';
import { accountParams, answersTable } from '../route-schemas.ts';
import { type UsageQuery, usageQuery } from '../schemas/report-schemas.ts';

const DAY_MS = 86_400_000;
/** The longest time of one answer, by the width of its buckets. */
const DAYS_AT_MOST = { hour: 31, day: 400, month: 400 } as const;

/** What was used. Everything up to the newest entry of the journal is in it. */
export function addUsageRoutes(app: AdminApp, parts: AdminParts): void {
  const { directory, reports, clock } = parts;
  const findWindow = createWindowCache();
  const schema = {
    operationId: 'readUsage',
    summary: 'Read what was used by hour, day or month, in the account’s time zone',
    tags: ['reports'],
    params: accountParams,
    querystring: usageQuery,
    response: answersTable('Usage', 'What was used, by time and then by group.'),
  };
  const config = { permission: 'usage.read', narrowest: 'team' } as const;
  app.get('/accounts/:account_id/usage', { schema, config }, async (request, reply) => {
    const accountId = request.params.account_id;
    const account = await findAccountOrRefuse(directory, accountId, reply);
    if (account === undefined) return reply;
    const question = readUsageQuestion({ ...account, ...teamOf(request.caller) }, request.query, clock(), findWindow);
    if (Array.isArray(question)) return refuseFields(reply, question);
    const throughSequence = await reports.fold.foldAccount(accountId);
    const { store } = reports;
    const unknown = await findUnknownFilters({ directory, store, findWindow }, question);
    if (unknown.length > 0) return refuse(reply, 'not_found', describeFieldErrors(unknown), unknown);
    const report = await readUsage(store, findWindow, question);
    if (report === undefined) return refuseRows(reply);
    const data = report.rows.map(presentUsageRow);
    if (request.query.format === 'csv') {
      return sendCsv(reply, `usage-${accountId}`, writeUsageCsv(data, question.groupBy));
    }
    const { timezone, bucket, fromMs, toMs } = question;
    return {
      ...{ account_id: accountId, timezone, from: writeTime(fromMs), to: writeTime(toMs), bucket },
      through_sequence: throughSequence,
      data,
      total: presentUsageCounts(report.total),
    };
  });
}

export function sendCsv(reply: FastifyReply, name: string, text: string): FastifyReply {
  return reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}.csv"`)
    .send(text);
}

/** The month of now, unless told otherwise. */
export function readUsageQuestion(
  { id: accountId, timezone, teamId }: { id: string; timezone: string; teamId?: string },
  query: UsageQuery,
  nowMs: number,
  findWindow: WindowFinder,
): UsageQuestion | FieldError[] {
  const { bucket = 'day', from, to } = query;
  const groupBy = [...new Set((query.group_by ?? '').split(',').filter((name) => name !== ''))] as UsageGroup[];
  const toMs = (to === undefined ? undefined : parseTime(to)) ?? nowMs + 1;
  const fromMs =
    (from === undefined ? undefined : parseTime(from)) ?? findWindow('month', toMs - 1, timezone).startsAtMs;
  const only = readFilter(query);
  const errors: FieldError[] = [];
  const daysAtMost = DAYS_AT_MOST[bucket];
  if (fromMs >= toMs) errors.push({ field: from === undefined ? 'to' : 'from', message: 'must be before the end' });
  else if (toMs - fromMs > daysAtMost * DAY_MS) {
    errors.push({ field: 'from', message: `must be at most ${daysAtMost} days before the end` });
  }
  if (groupBy.includes('session')) {
    if (teamId !== undefined)
      errors.push({ field: 'group_by', message: 'must not be session: they are not kept by team' });
    if (groupBy.length > 1) errors.push({ field: 'group_by', message: 'must name session alone' });
    if (Object.keys(only).length > 0)
      errors.push({ field: 'group_by', message: 'must be without session in a filter' });
    if (bucket === 'hour') errors.push({ field: 'bucket', message: 'must be day or month for sessions' });
  }
  if (errors.length > 0) return errors;
  return {
    accountId,
    timezone,
    fromMs,
    toMs,
    bucket,
    groupBy,
    only,
    ...(teamId === undefined ? {} : { teamId }),
    ...(query.top === undefined ? {} : { top: query.top }),
  };
}

function readFilter({ model, team_id: team, member_id: member, key_id: key }: UsageQuery): UsageFilter {
  const named = Object.entries({ model, team, member, key }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named) as UsageFilter;
}

export function refuseRows(reply: FastifyReply): FastifyReply {
  const message = `leaves more than ${USAGE_ROWS_AT_MOST} rows: ask for less time, or for fewer groups`;
  return refuseFields(reply, [{ field: 'from', message }]);
}
