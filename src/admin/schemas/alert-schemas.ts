import { type Static, Type } from 'typebox';
import { CHANNELS_PER_RULE } from '../../alerts/alert-rule.ts';
import { ACCOUNT_ALERTS, ALERT_KINDS } from '../../domain/alert-kinds.ts';
import {
  idField,
  nameField,
  nullableIdField,
  nullableStringAnswer,
  nullableTimeAnswer,
  positiveUsdField,
  usdAnswer,
  usdField,
} from './fields.ts';

const shareField = Type.Number({ minimum: 0.000001, maximum: 1, description: 'Above 0, at most 1; six places count.' });

/** What a rule goes by; each kind has its own. Left out they have the kind's usual values. */
const termFields = {
  amount_usd: Type.Optional(usdField),
  share_of_last_purchase: Type.Optional(shareField),
  hours_left: Type.Optional(Type.Integer({ minimum: 1, maximum: 8_760 })),
  shares: Type.Optional(Type.Array(shareField, { minItems: 1, maxItems: 10, uniqueItems: true })),
  factor: Type.Optional(
    Type.Number({ minimum: 1.1, maximum: 1_000, description: 'Times the usual; three places count.' }),
  ),
  minimum_usd: Type.Optional(positiveUsdField),
  days: Type.Optional(Type.Integer({ minimum: 1, maximum: 365 })),
};

const channelIds = { items: idField, maxItems: CHANNELS_PER_RULE, uniqueItems: true };
const commonFields = {
  recovery: Type.Optional(Type.Boolean({ default: true, description: 'Whether it is told, too, that it is over.' })),
  quiet_seconds: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 30 * 86_400,
      default: 86_400,
      description: 'The shortest time between two tellings of the same.',
    }),
  ),
  enabled: Type.Optional(Type.Boolean({ default: true })),
};

const createFields = {
  ...termFields,
  quota_id: Type.Optional(idField),
  name: Type.Optional(nameField),
  channels: Type.Optional(Type.Array(idField, { ...channelIds, description: 'Left out: the default channels.' })),
  ...commonFields,
};

export const createAccountAlertBody = Type.Object(
  { kind: Type.Enum([...ACCOUNT_ALERTS]), ...createFields },
  { additionalProperties: false },
);
/** A kind of accounts holds for each of them. */
export const createAlertBody = Type.Object(
  { kind: Type.Enum([...ALERT_KINDS]), ...createFields },
  { additionalProperties: false },
);
export type CreateAlertBody = Static<typeof createAlertBody>;

export const updateAlertBody = Type.Object(
  {
    ...termFields,
    quota_id: Type.Optional(nullableIdField),
    name: Type.Optional(Type.Unsafe<string | null>(Type.Union([nameField, Type.Null()]))),
    channels: Type.Optional(
      Type.Unsafe<string[] | null>({ type: ['array', 'null'], ...channelIds, description: 'null: the default ones.' }),
    ),
    ...commonFields,
  },
  { additionalProperties: false, minProperties: 1 },
);
export type UpdateAlertBody = Static<typeof updateAlertBody>;

const numberAnswer = Type.Optional(Type.Number());

export const alertSchema = Type.Object(
  {
    id: Type.String({ pattern: '^alert_' }),
    account_id: nullableStringAnswer,
    kind: Type.Enum([...ALERT_KINDS]),
    name: nullableStringAnswer,
    built_in: Type.Boolean({ description: 'There from the start, or made by `low_balance_usd` of the account.' }),
    amount_usd: Type.Optional(usdAnswer),
    amounts_usd: Type.Optional(Type.Array(usdAnswer)),
    share_of_last_purchase: numberAnswer,
    hours_left: numberAnswer,
    shares: Type.Optional(Type.Array(Type.Number())),
    quota_id: Type.Optional(Type.String()),
    factor: numberAnswer,
    minimum_usd: Type.Optional(usdAnswer),
    days: numberAnswer,
    channels: Type.Unsafe<string[] | null>({
      type: ['array', 'null'],
      items: { type: 'string' },
      description: 'null: the default channels.',
    }),
    recovery: Type.Boolean(),
    quiet_seconds: Type.Integer(),
    enabled: Type.Boolean(),
    firing: Type.Boolean({ description: 'Told and not over. Of rules for all accounts: see their deliveries.' }),
    fired_at: nullableTimeAnswer,
    created_at: nullableTimeAnswer,
  },
  { additionalProperties: false, description: 'The fields between `built_in` and `channels` are those of the kind.' },
);
