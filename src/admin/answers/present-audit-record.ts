import type { AuditRecord } from '../../directory/audit-log.ts';
import type { AuditRecordAnswer } from '../schemas/audit-schemas.ts';
import { writeTime } from './write-time.ts';

export function presentAuditRecord(record: AuditRecord): AuditRecordAnswer {
  return {
    sequence: record.sequence,
    at: writeTime(record.atMs),
    actor: record.actor,
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
