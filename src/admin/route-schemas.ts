import { type TSchema, Type } from 'typebox';
import { accountSchema } from './schemas/account-schemas.ts';
import {
  alertChannelSchema,
  alertChannelWithSecretSchema,
  alertDeliverySchema,
} from './schemas/alert-channel-schemas.ts';
import { alertSchema } from './schemas/alert-schemas.ts';
import { auditPageSchema, auditRecordSchema } from './schemas/audit-schemas.ts';
import { openCallListSchema, openCallSchema } from './schemas/call-schemas.ts';
import { correctionSchema } from './schemas/correction-schemas.ts';
import { grantSchema } from './schemas/grant-schemas.ts';
import { healthReportSchema } from './schemas/health-schemas.ts';
import { journalEntrySchema } from './schemas/journal-schemas.ts';
import { keySchema, keyWithSecretSchema } from './schemas/key-schemas.ts';
import { pageOf } from './schemas/page-schemas.ts';
import { memberSchema, teamSchema } from './schemas/people-schemas.ts';
import { quotaSchema } from './schemas/quota-schemas.ts';
import { reconciliationSchema } from './schemas/reconciliation-schemas.ts';
import { refundSchema } from './schemas/refund-schemas.ts';
import { reloadRequestSchema, reloadSchema } from './schemas/reload-schemas.ts';
import { runwaySchema, statementSchema, usageSchema } from './schemas/report-schemas.ts';
import { tokenSchema, tokenWithSecretSchema, whoamiSchema } from './schemas/token-schemas.ts';

const problemSchema = Type.Object(
  {
    type: Type.String({ examples: ['urn:tollgate:problem:account-closed'] }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    errors: Type.Optional(
      Type.Array(Type.Object({ field: Type.String(), message: Type.String() }, { additionalProperties: false })),
    ),
  },
  { additionalProperties: false, description: 'RFC 9457 problem details.' },
);

const journalPageSchema = Type.Object(
  {
    data: Type.Array(Type.Ref('JournalEntry#')),
    has_more: Type.Boolean(),
    next_after: Type.Optional(Type.Integer()),
  },
  { additionalProperties: false },
);

/** The components of the OpenAPI document, by name. */
export const SHARED_SCHEMAS = {
  Account: accountSchema,
  AccountPage: pageOf(Type.Ref('Account#')),
  Grant: grantSchema,
  GrantPage: pageOf(Type.Ref('Grant#')),
  Team: teamSchema,
  TeamPage: pageOf(Type.Ref('Team#')),
  Member: memberSchema,
  MemberPage: pageOf(Type.Ref('Member#')),
  Key: keySchema,
  KeyWithSecret: keyWithSecretSchema,
  KeyPage: pageOf(Type.Ref('Key#')),
  Quota: quotaSchema,
  QuotaPage: pageOf(Type.Ref('Quota#')),
  Refund: refundSchema,
  Correction: correctionSchema,
  Reconciliation: reconciliationSchema,
  JournalEntry: journalEntrySchema,
  JournalPage: journalPageSchema,
  Usage: usageSchema,
  Statement: statementSchema,
  Runway: runwaySchema,
  Token: tokenSchema,
  TokenWithSecret: tokenWithSecretSchema,
  TokenPage: pageOf(Type.Ref('Token#')),
  Whoami: whoamiSchema,
  Alert: alertSchema,
  AlertPage: pageOf(Type.Ref('Alert#')),
  AlertChannel: alertChannelSchema,
  AlertChannelWithSecret: alertChannelWithSecretSchema,
  AlertChannelPage: pageOf(Type.Ref('AlertChannel#')),
  AlertDelivery: alertDeliverySchema,
  AlertDeliveryPage: pageOf(Type.Ref('AlertDelivery#')),
  AutoReload: reloadSchema,
  ReloadRequest: reloadRequestSchema,
  OpenCall: openCallSchema,
  OpenCallList: openCallListSchema,
  HealthReport: healthReportSchema,
  AuditRecord: auditRecordSchema,
  AuditPage: auditPageSchema,
  Problem: problemSchema,
} satisfies { [name: string]: TSchema };

type SharedName = keyof typeof SHARED_SCHEMAS;

const PROBLEM_ANSWER = {
  description: 'Refused: see `type` and `errors`.',
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
};
const FAULT_ANSWER = {
  description: 'Failed; at 503 the call may or may not have taken effect: send it again.',
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
};

/** The `response` part of a route: its success, and problems for the rest. */
export function answers(status: 200 | 201, name: SharedName, description: string) {
  return { [status]: { description, $ref: `${name}#` }, '4xx': PROBLEM_ANSWER, '5xx': FAULT_ANSWER };
}

export function answersNothing(description: string) {
  return { 204: { description, type: 'null' }, '4xx': PROBLEM_ANSWER, '5xx': FAULT_ANSWER };
}

/** As {@link answers}, or, with `?format=csv`, a table. */
export function answersTable(name: SharedName, description: string) {
  return {
    200: {
      description,
      content: {
        'application/json': { schema: { $ref: `${name}#` } },
        'text/csv': { schema: { type: 'string' } },
      },
    },
    '4xx': PROBLEM_ANSWER,
    '5xx': FAULT_ANSWER,
  };
}

/** The `Idempotency-Key` header of every write, for the document; the hook checks it. */
export const writeHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ description: 'Makes the call safe to send again: 1 to 255 visible ASCII characters.' }),
  ),
});

export const accountParams = Type.Object({ account_id: Type.String() });
