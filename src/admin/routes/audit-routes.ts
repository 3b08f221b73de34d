import type { AuditRecord } from '../../directory/audit-log.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentAuditRecord } from '../answers/present-audit-record.ts';
import { answers } from '../route-schemas.ts';
import { auditQuery, DEFAULT_RECORDS } from '../schemas/audit-schemas.ts';

/** `after` is a sequence, so that a reader can go on where it stopped. */
export function addAuditRoutes(app: AdminApp, { audit }: AdminParts): void {
  const schema = {
    operationId: 'listAudit',
    summary: 'Read who changed what, in the order in which it was done',
    tags: ['audit'],
    querystring: auditQuery,
    response: answers(200, 'AuditPage', 'Records in sequence.'),
  };
  app.get('/audit', { schema, config: { permission: 'audit.read', narrowest: 'account' } }, async (request) => {
    const { after = 0, limit = DEFAULT_RECORDS, newest } = request.query;
    const { caller } = request;
    const present = (record: AuditRecord) => presentAuditRecord(record, caller);
    const mine = caller.accountId === undefined ? {} : { accountId: caller.accountId };
    if (newest !== undefined) {
      return { data: (await audit.list({ newest, ...mine })).map(present), has_more: false };
    }
    const data = (await audit.list({ afterSequence: after, limit, ...mine })).map(present);
    const last = data.at(-1)?.sequence;
    const next = last === undefined ? [] : await audit.list({ afterSequence: last, limit: 1, ...mine });
    return next.length === 0 || last === undefined
      ? { data, has_more: false }
      : { data, has_more: true, next_after: last };
  });
}
