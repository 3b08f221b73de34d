import type { AuditRecord } from '../../directory/audit-log.ts';
import type { Caller } from '../access/caller.ts';
import type { AuditRecordAnswer } from '../schemas/audit-schemas.ts';
import { writeTime } from './write-time.ts';

/** To a reader who is bound to an account, the names of tokens beyond it are not told. */
export function presentAuditRecord(record: AuditRecord, reader: Pick<Caller, 'accountId'>): AuditRecordAnswer {
  const isNamed = reader.accountId === undefined || record.actorAccountId === reader.accountId;
  return {
    sequence: record.sequence,
    at: writeTime(record.atMs),
    actor: record.actor,
    ...(record.actorName !== undefined && isNamed ? { actor_name: record.actorName } : {}),
    method: record.method,
    path: record.route,
    ids: { ...record.ids },
    request_id: record.requestId,
    outcome: record.result?.outcome ?? 'unknown',
    ...(record.result === undefined ? {} : { status: record.result.status }),
    requested: { ...record.requested },
    changes: (record.result?.changes ?? []).map((change) => ({ ...change })),
  };
}
