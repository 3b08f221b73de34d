import { type Static, Type } from 'typebox';
import {
  modelsField,
  noteField,
  nullableModelsAnswer,
  positiveUsdField,
  timeAnswer,
  timeField,
  usdAnswer,
} from './fields.ts';

const kindField = Type.Enum(['paid', 'promotional']);
const MAX_VALID_DAYS = 36_500;

const grantFields = Type.Object(
  {
    amount_usd: positiveUsdField,
    kind: kindField,
    effective_at: Type.Optional(timeField),
    expires_at: Type.Optional(timeField),
    valid_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_VALID_DAYS,
        description: 'Days of 86,400 seconds from `effective_at`. Without it and `expires_at`: one calendar year.',
      }),
    ),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 99, default: 50, description: '0 burns first.' })),
    models: Type.Optional(modelsField),
    note: Type.Optional(noteField),
  },
  { additionalProperties: false },
);

export const createGrantBody = Type.Refine(
  grantFields,
  (body) => body.expires_at === undefined || body.valid_days === undefined,
  () => 'valid_days: cannot be given together with expires_at',
);
export type CreateGrantBody = Static<typeof grantFields>;

export const grantSchema = Type.Object(
  {
    id: Type.String({ pattern: '^grant_' }),
    account_id: Type.String({ pattern: '^acct_' }),
    kind: kindField,
    status: Type.Enum(['pending', 'active', 'spent', 'expired', 'voided']),
    priority: Type.Integer(),
    effective_at: timeAnswer,
    expires_at: timeAnswer,
    models: nullableModelsAnswer,
    amount_usd: usdAnswer,
    remaining_usd: usdAnswer,
    held_usd: usdAnswer,
    spent_usd: usdAnswer,
    expired_usd: usdAnswer,
    voided_usd: usdAnswer,
  },
  { additionalProperties: false },
);
export type GrantAnswer = Static<typeof grantSchema>;
