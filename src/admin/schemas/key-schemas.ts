import { type Static, Type } from 'typebox';
import {
  describeField,
  idField,
  modelsField,
  nameField,
  nullableIdField,
  nullableModelsAnswer,
  nullableModelsField,
  nullableStringAnswer,
  nullableTimeAnswer,
  nullableTimeField,
  secretAnswer,
  timeAnswer,
  timeField,
} from './fields.ts';
import { pageQuery } from './page-schemas.ts';

/** 30 days: a grace is for moving clients over, not for keeping two secrets. */
const MAX_GRACE_SECONDS = 30 * 86_400;

export const createKeyBody = Type.Object(
  {
    name: nameField,
    team_id: Type.Optional(idField),
    member_id: Type.Optional(idField),
    expires_at: Type.Optional(timeField),
    allowed_models: Type.Optional(modelsField),
  },
  { additionalProperties: false },
);
export type CreateKeyBody = Static<typeof createKeyBody>;

export const updateKeyBody = Type.Object(
  {
    name: Type.Optional(nameField),
    team_id: Type.Optional(nullableIdField),
    member_id: Type.Optional(nullableIdField),
    expires_at: Type.Optional(nullableTimeField),
    allowed_models: Type.Optional(nullableModelsField),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type UpdateKeyBody = Static<typeof updateKeyBody>;

export const graceField = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: MAX_GRACE_SECONDS,
    default: 0,
    description: 'How long the old secret works on. 0: it ends at once, as a leaked one must.',
  }),
);
export const rotateKeyBody = Type.Object({ grace_seconds: graceField }, { additionalProperties: false });

export const keyListQuery = Type.Object(
  {
    ...pageQuery.properties,
    team_id: Type.Optional({
      ...idField,
      description: 'Only those of this team, also by their member, 404 where it is not there; `none`: of no team.',
    }),
    member_id: Type.Optional(describeField(idField, 'Only those of this member, 404 where it is not there.')),
    q: Type.Optional(describeField(nameField, 'Part of the name, the beginning of the secret, or the id.')),
  },
  { additionalProperties: false },
);
export type KeyListQuery = Static<typeof keyListQuery>;

const keyFields = {
  id: Type.String({ pattern: '^key_' }),
  account_id: Type.String({ pattern: '^acct_' }),
  team_id: nullableStringAnswer,
  member_id: nullableStringAnswer,
  name: Type.String(),
  status: Type.Enum(['active', 'expired', 'revoked']),
  hint: Type.String({ description: 'The first characters of the secret.', examples: ['tg_k3Jd'] }),
  expires_at: nullableTimeAnswer,
  allowed_models: nullableModelsAnswer,
  previous_secret_expires_at: nullableTimeAnswer,
  revoked_at: nullableTimeAnswer,
  created_at: timeAnswer,
};

export const keySchema = Type.Object(keyFields, { additionalProperties: false });
export type KeyAnswer = Static<typeof keySchema>;

/** Only the answer that made the secret carries it. */
export const keyWithSecretSchema = Type.Object(
  {
    ...keyFields,
    secret: secretAnswer,
  },
  { additionalProperties: false },
);
export type KeyWithSecretAnswer = Static<typeof keyWithSecretSchema>;
