import { type Static, Type } from 'typebox';
import { MAX_HOURLY_RELOADS } from '../../domain/credit/reload-state.ts';
import {
  describeField,
  noteField,
  nullableStringAnswer,
  nullableTimeAnswer,
  positiveUsdField,
  timeAnswer,
  usdAnswer,
  usdField,
} from './fields.ts';

export const setReloadBody = Type.Object(
  {
    enabled: Type.Boolean({ description: 'False: no request is made any more; what is pending still lands.' }),
    threshold_usd: Type.Optional(
      describeField(usdField, 'A balance (available, held and yet to come, less debt) below it asks for a reload.'),
    ),
    mode: Type.Optional(
      Type.Enum(['fixed', 'target'], {
        description:
          '`fixed`: as many times `amount_usd` as reach the threshold, in one payment. `target`: up to `target_usd`.',
      }),
    ),
    amount_usd: Type.Optional(describeField(positiveUsdField, 'Of `fixed`. Whole cents, 1.00 to 1000000.00.')),
    target_usd: Type.Optional(
      describeField(positiveUsdField, 'Of `target`. Whole cents, above the threshold, 1.00 to 1000000.00.'),
    ),
    monthly_cap_usd: Type.Optional(
      describeField(
        positiveUsdField,
        'Requested in a calendar month of the account’s time zone at most. Whole cents, 1.00 to 1000000.00.',
      ),
    ),
    hourly_limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_HOURLY_RELOADS,
        description: 'Requests within any hour at most; 3 unless stated.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type SetReloadBody = Static<typeof setReloadBody>;

export const answerReloadBody = Type.Object(
  {
    outcome: Type.Enum(['paid', 'declined']),
    reference: Type.Optional(describeField(noteField, 'What the payment side calls its charge. Kept in the journal.')),
    reason: Type.Optional(describeField(noteField, 'Why it was declined. Kept in the journal.')),
    note: Type.Optional(noteField),
  },
  { additionalProperties: false },
);

const pendingSchema = Type.Object(
  { reload_id: Type.String({ pattern: '^reload_' }), amount_usd: usdAnswer, requested_at: timeAnswer },
  { additionalProperties: false },
);
const proposalSchema = Type.Object(
  {
    threshold_usd: usdAnswer,
    based_on_days: Type.Integer({ minimum: 3, maximum: 7 }),
    daily_burn_usd: usdAnswer,
  },
  { additionalProperties: false },
);
const nullableUsd = Type.Unsafe<string | null>({ type: ['string', 'null'], pattern: '^-?\\d+\\.\\d{2,9}$' });

export const reloadSchema = Type.Object(
  {
    account_id: Type.String({ pattern: '^acct_' }),
    enabled: Type.Boolean(),
    disabled_reason: {
      ...nullableStringAnswer,
      description: '`declined`: the last of three declines in a row turned it off.',
    },
    threshold_usd: nullableUsd,
    mode: Type.Unsafe<'fixed' | 'target' | null>({ enum: ['fixed', 'target', null] }),
    amount_usd: nullableUsd,
    target_usd: nullableUsd,
    monthly_cap_usd: nullableUsd,
    hourly_limit: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
    month_requested_usd: { ...usdAnswer, description: 'Of this month, requests that were declined not counted.' },
    pending: Type.Union([pendingSchema, Type.Null()]),
    declines: Type.Integer({ minimum: 0, description: 'In a row.' }),
    next_at: { ...nullableTimeAnswer, description: 'No request is made before.' },
    proposal: Type.Union([proposalSchema, Type.Null()], {
      description: 'A threshold by the use of the last days. Null: none.',
    }),
  },
  { additionalProperties: false },
);
export type ReloadAnswer = Static<typeof reloadSchema>;

export const reloadRequestSchema = Type.Object(
  {
    reload_id: Type.String({ pattern: '^reload_' }),
    account_id: Type.String({ pattern: '^acct_' }),
    outcome: Type.Enum(['paid', 'declined']),
    grant_id: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'The credit of a paid one.' }),
    repeated: Type.Boolean({ description: 'It was answered so before; nothing was changed.' }),
  },
  { additionalProperties: false },
);
export type ReloadRequestAnswer = Static<typeof reloadRequestSchema>;
