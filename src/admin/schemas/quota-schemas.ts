import { type Static, type TSchema, Type } from 'typebox';
import { QUOTA_MEASURES, QUOTA_MODES, QUOTA_SCOPES } from '../../domain/quota.ts';
import { MAX_QUOTA_LIMIT } from '../../domain/quota-rules.ts';
import { QUOTA_WINDOWS } from '../../domain/quota-window.ts';
import {
  describeField,
  idField,
  modelsField,
  nullableModelsAnswer,
  nullableModelsField,
  nullableTimeAnswer,
  timeAnswer,
  timeField,
  usdAnswer,
  usdField,
} from './fields.ts';

const countField = Type.Integer({ minimum: 0, maximum: Number(MAX_QUOTA_LIMIT) });

/** One of them says what is measured, and how much of it. Zero blocks. */
const limitFields = {
  limit_usd: Type.Optional(usdField),
  limit_tokens: Type.Optional(countField),
  limit_requests: Type.Optional(countField),
  limit_concurrency: Type.Optional(countField),
};
export type LimitFields = { [measure in keyof typeof limitFields]?: string | number };
export const LIMIT_FIELDS = QUOTA_MEASURES.map((measure) => `limit_${measure}` as const);

const countLimits = (body: LimitFields): number => LIMIT_FIELDS.filter((field) => body[field] !== undefined).length;
const ONE_LIMIT = `limit_usd: exactly one of ${LIMIT_FIELDS.join(', ')} is required`;

const modeField = Type.Enum([...QUOTA_MODES], {
  default: 'hard',
  description: '`hard` refuses, `soft` lets pass and tells once, `shadow` only counts what it would have refused.',
});

const quotaFields = Type.Object(
  {
    scope: Type.Object(
      { type: Type.Enum([...QUOTA_SCOPES]), id: Type.Optional(idField) },
      { additionalProperties: false, description: 'The id is left out for `account`.' },
    ),
    window: Type.Enum([...QUOTA_WINDOWS], {
      description: "By the account's time zone; weeks begin on Monday. `total` for `limit_concurrency`.",
    }),
    anchor_day: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 31,
        description: 'Billing date: the day on which `month` begins, in a shorter month its last day.',
      }),
    ),
    ...limitFields,
    models: Type.Optional(modelsField),
    mode: Type.Optional(modeField),
  },
  { additionalProperties: false },
);
export const createQuotaBody = Type.Refine(
  quotaFields,
  (body) => countLimits(body) === 1,
  () => ONE_LIMIT,
);
export type CreateQuotaBody = Static<typeof quotaFields>;

const quotaChanges = Type.Object(
  {
    ...limitFields,
    models: Type.Optional(nullableModelsField),
    mode: Type.Optional(modeField),
    raises: Type.Optional(Type.Null({ description: 'null ends every raise now.' })),
  },
  { additionalProperties: false, minProperties: 1 },
);
export const updateQuotaBody = Type.Refine(
  quotaChanges,
  (body) => countLimits(body) <= 1,
  () => 'limit_usd: only one limit can be given',
);
export type UpdateQuotaBody = Static<typeof quotaChanges>;

const raiseFields = Type.Object(
  { ...limitFields, from: Type.Optional(describeField(timeField, 'Now unless stated.')), until: timeField },
  { additionalProperties: false },
);
export const raiseQuotaBody = Type.Refine(
  raiseFields,
  (body) => countLimits(body) === 1,
  () => ONE_LIMIT,
);
export type RaiseQuotaBody = Static<typeof raiseFields>;

const countAnswer = Type.Integer({ minimum: 0 });

/** `<name>_usd`, `<name>_tokens`...: of each name the one is there that the quota measures. */
function measured(...names: readonly string[]): { [field: string]: TSchema } {
  return Object.fromEntries(
    names.flatMap((name) =>
      QUOTA_MEASURES.map((measure) => [
        `${name}_${measure}`,
        Type.Optional(measure === 'usd' ? usdAnswer : countAnswer),
      ]),
    ),
  );
}

export const quotaSchema = Type.Object(
  {
    id: Type.String({ pattern: '^quota_' }),
    account_id: Type.String({ pattern: '^acct_' }),
    scope: Type.Object({ type: Type.Enum([...QUOTA_SCOPES]), id: Type.String() }, { additionalProperties: false }),
    window: Type.Enum([...QUOTA_WINDOWS]),
    anchor_day: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
    mode: Type.Enum([...QUOTA_MODES]),
    models: nullableModelsAnswer,
    ...measured('limit', 'current_limit', 'used', 'held', 'room'),
    window_starts_at: nullableTimeAnswer,
    resets_at: nullableTimeAnswer,
    raises: Type.Array(
      Type.Object(
        { id: Type.String({ pattern: '^raise_' }), ...measured('limit'), from: timeAnswer, until: timeAnswer },
        { additionalProperties: false },
      ),
    ),
    created_at: timeAnswer,
  },
  {
    additionalProperties: false,
    description:
      'Amounts are named after what is measured: `limit_usd`, `used_tokens`... `current_limit` is the one in force, raises included; `room` is what it leaves.',
  },
);
