import { type Static, Type } from 'typebox';
import { timeAnswer } from './fields.ts';

const MAX_RECORDS = 1_000;
export const DEFAULT_RECORDS = 100;

const auditFields = Type.Object(
  {
    after: Type.Optional(Type.Integer({ minimum: 0, description: 'Sequence of the last record seen.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_RECORDS, default: DEFAULT_RECORDS })),
    newest: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_RECORDS, description: 'Only so many of the newest records.' }),
    ),
  },
  { additionalProperties: false },
);

export const auditQuery = Type.Refine(
  auditFields,
  (query) => query.newest === undefined || (query.after === undefined && query.limit === undefined),
  () => 'newest: cannot be given together with after or limit',
);

const changeSchema = Type.Object(
  {
    field: Type.String(),
    before: Type.Optional(Type.Unknown({ description: 'Absent: there was none.' })),
    after: Type.Optional(Type.Unknown({ description: 'Absent: there is none any more.' })),
  },
  { additionalProperties: false },
);

export const auditRecordSchema = Type.Object(
  {
    sequence: Type.Integer({ minimum: 1 }),
    at: timeAnswer,
    actor: Type.String({
      pattern: '^(admin:|token_)',
      description: 'Which token acted: by its id, or the ADMIN_TOKEN of the settings by a part of its hash.',
    }),
    actor_name: Type.Optional(Type.String({ description: "The token's name then." })),
    method: Type.String({ examples: ['PATCH'] }),
    path: Type.String({ examples: ['/admin/v1/accounts/{account_id}'] }),
    ids: Type.Record(Type.String(), Type.String(), { description: 'The ids in the path.' }),
    request_id: Type.String({ pattern: '^req_' }),
    outcome: Type.Enum(['done', 'refused', 'failed', 'unknown'], {
      description: 'refused: nothing was changed. failed, unknown: it may have taken effect.',
    }),
    status: Type.Optional(Type.Integer({ description: 'HTTP status of the answer.' })),
    requested: Type.Record(Type.String(), Type.Unknown(), { description: 'The fields of the body.' }),
    changes: Type.Array(changeSchema),
  },
  { additionalProperties: false },
);
export type AuditRecordAnswer = Static<typeof auditRecordSchema>;

export const auditPageSchema = Type.Object(
  {
    data: Type.Array(Type.Ref('AuditRecord#')),
    has_more: Type.Boolean(),
    next_after: Type.Optional(Type.Integer()),
  },
  { additionalProperties: false },
);
