import { type Static, Type } from 'typebox';
import { TOKEN_ROLES } from '../../directory/access-token.ts';
import { PERMISSIONS } from '../access/permissions.ts';
import {
  describeField,
  idField,
  nameField,
  nullableTimeAnswer,
  nullableTimeField,
  secretAnswer,
  timeAnswer,
} from './fields.ts';
import { graceField } from './key-schemas.ts';
import { pageQuery } from './page-schemas.ts';

/** Ninety days: long enough for a quarter, short enough that a forgotten token ends by itself. */
export const DEFAULT_VALID_DAYS = 90;
const MAX_VALID_DAYS = 3_650;
const SCOPE_TYPES = ['installation', 'account', 'team'] as const;

const roleField = Type.Enum([...TOKEN_ROLES], {
  description: 'What it may do: see the table of roles in `docs/admin-api.md`. A team has admins and viewers only.',
});

const termFields = {
  expires_at: Type.Optional(
    describeField(
      nullableTimeField,
      `In ${DEFAULT_VALID_DAYS} days unless stated; null: it works until it is revoked.`,
    ),
  ),
  valid_days: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_VALID_DAYS, description: 'Instead of expires_at.' }),
  ),
};

/** Both at once would say two things. */
const hasOneTerm = (body: { expires_at?: string | null; valid_days?: number }): boolean =>
  body.expires_at === undefined || body.valid_days === undefined;
const ONE_TERM = 'valid_days: cannot be given together with expires_at';

const tokenFields = Type.Object(
  {
    name: nameField,
    role: roleField,
    scope: Type.Object(
      { type: Type.Enum([...SCOPE_TYPES]), account_id: Type.Optional(idField), team_id: Type.Optional(idField) },
      {
        additionalProperties: false,
        description: '`account` needs account_id, `team` team_id as well; a token of an account may leave out its own.',
      },
    ),
    ...termFields,
  },
  { additionalProperties: false },
);
export const createTokenBody = Type.Refine(tokenFields, hasOneTerm, () => ONE_TERM);
export type CreateTokenBody = Static<typeof tokenFields>;

const rotationFields = Type.Object(
  {
    grace_seconds: graceField,
    ...termFields,
    expires_at: Type.Optional(describeField(nullableTimeField, 'As it was unless stated.')),
  },
  { additionalProperties: false },
);
export const rotateTokenBody = Type.Refine(rotationFields, hasOneTerm, () => ONE_TERM);
export type RotateTokenBody = Static<typeof rotationFields>;

export const tokenQuery = Type.Object(
  {
    ...pageQuery.properties,
    account_id: Type.Optional({
      ...idField,
      description: 'Only tokens of this account and of its teams; 404 where it is not there.',
    }),
  },
  { additionalProperties: false },
);

const scopeAnswer = Type.Object(
  {
    type: Type.Enum([...SCOPE_TYPES]),
    account_id: Type.Optional(Type.String({ pattern: '^acct_' })),
    team_id: Type.Optional(Type.String({ pattern: '^team_' })),
  },
  { additionalProperties: false },
);
const permissionsAnswer = Type.Array(Type.Enum([...PERMISSIONS]), { description: 'What role and scope allow.' });

const answerFields = {
  id: Type.String({ pattern: '^token_' }),
  name: Type.String(),
  role: roleField,
  scope: scopeAnswer,
  permissions: permissionsAnswer,
  status: Type.Enum(['active', 'expired', 'revoked', 'team_deleted']),
  hint: Type.String({ description: 'The first characters of the secret.', examples: ['tga_k3Jd'] }),
  expires_at: nullableTimeAnswer,
  previous_secret_expires_at: nullableTimeAnswer,
  revoked_at: nullableTimeAnswer,
  created_at: timeAnswer,
};
export const tokenSchema = Type.Object(answerFields, { additionalProperties: false });
export type TokenAnswer = Static<typeof tokenSchema>;

/** Only the answer that made the secret carries it. */
export const tokenWithSecretSchema = Type.Object(
  {
    ...answerFields,
    secret: secretAnswer,
  },
  { additionalProperties: false },
);

export const whoamiSchema = Type.Object(
  {
    type: Type.Enum(['root', 'token'], { description: '`root`: the ADMIN_TOKEN of the settings.' }),
    id: Type.Optional(Type.String({ pattern: '^token_' })),
    name: Type.String(),
    role: roleField,
    scope: scopeAnswer,
    permissions: permissionsAnswer,
    expires_at: nullableTimeAnswer,
  },
  { additionalProperties: false },
);
export type WhoamiAnswer = Static<typeof whoamiSchema>;
