import { type Static, Type } from 'typebox';
import { DELIVERY_RESULTS } from '../../alerts/alert-delivery.ts';
import { CHANNEL_TYPES } from '../../domain/alert-kinds.ts';
import {
  describeField,
  emailField,
  idField,
  nameField,
  nullableStringAnswer,
  nullableTimeAnswer,
  timeAnswer,
} from './fields.ts';
import { pageQuery } from './page-schemas.ts';

const urlField = Type.String({
  minLength: 1,
  maxLength: 2_000,
  description: 'http or https; of an account, https to a public address. A secret: it is not shown again.',
  examples: ['https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXX'],
});
const secretField = Type.String({
  pattern: '^whsec_[0-9A-Za-z+/]{32,86}={0,2}$',
  description:
    'Key that signs a webhook, by Standard Webhooks: `whsec_` and 24 to 64 bytes in base64. Made unless given.',
});
const toField = Type.Array(emailField, { minItems: 1, maxItems: 20, uniqueItems: true });
const defaultField = Type.Boolean({
  default: false,
  description: 'Takes what rules tell that name no channel: of its account, or of all where it is the installation’s.',
});

export const createChannelBody = Type.Object(
  {
    account_id: Type.Optional(describeField(idField, 'Left out: the installation’s, or of the token’s account.')),
    name: nameField,
    type: Type.Enum([...CHANNEL_TYPES]),
    url: Type.Optional(urlField),
    secret: Type.Optional(secretField),
    to: Type.Optional(toField),
    default: Type.Optional(defaultField),
    enabled: Type.Optional(Type.Boolean({ default: true })),
  },
  { additionalProperties: false },
);
export type CreateChannelBody = Static<typeof createChannelBody>;

export const updateChannelBody = Type.Object(
  {
    name: Type.Optional(nameField),
    url: Type.Optional(urlField),
    secret: Type.Optional(secretField),
    to: Type.Optional(toField),
    default: Type.Optional(defaultField),
    enabled: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type UpdateChannelBody = Static<typeof updateChannelBody>;

export const channelsQuery = Type.Object(
  {
    ...pageQuery.properties,
    account_id: Type.Optional(describeField(idField, 'Left out: those of the installation.')),
  },
  { additionalProperties: false },
);
export const deliveriesQuery = Type.Object(
  { ...pageQuery.properties, account_id: Type.Optional(describeField(idField, 'Only what tells of this account.')) },
  { additionalProperties: false },
);

const channelFields = {
  id: Type.String({ pattern: '^channel_' }),
  account_id: nullableStringAnswer,
  name: Type.String(),
  type: Type.Enum([...CHANNEL_TYPES]),
  target: Type.String({ description: 'Enough to tell it by.', examples: ['https://hooks.slack.com/...XXXX'] }),
  to: Type.Optional(Type.Array(Type.String())),
  default: Type.Boolean(),
  enabled: Type.Boolean(),
  built_in: Type.Boolean({ description: 'Made by `ALERT_WEBHOOK_URL`.' }),
  created_at: nullableTimeAnswer,
};
export const alertChannelSchema = Type.Object(channelFields, { additionalProperties: false });
export const alertChannelWithSecretSchema = Type.Object(
  {
    ...channelFields,
    secret: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'Of a webhook, shown this once; null in a repeated answer, and of other channels.',
    }),
  },
  { additionalProperties: false },
);

export const alertDeliverySchema = Type.Object(
  {
    id: Type.String({ pattern: '^delivery_' }),
    notice_id: Type.String({ description: 'The `webhook-id`: the same over all attempts.' }),
    type: Type.String({ examples: ['balance.low'] }),
    account_id: nullableStringAnswer,
    channel_id: Type.String(),
    channel_type: nullableStringAnswer,
    attempt: Type.Integer({ minimum: 0, description: '0: sent by hand.' }),
    result: Type.Enum([...DELIVERY_RESULTS], { description: '`failed` will be tried again, `abandoned` will not.' }),
    status: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'Of HTTP or SMTP.' }),
    problem: nullableStringAnswer,
    started_at: timeAnswer,
    duration_ms: Type.Integer({ minimum: 0 }),
    notice: Type.Record(Type.String(), Type.Unknown(), { description: 'What was told.' }),
  },
  { additionalProperties: false },
);
