import { type Static, Type } from 'typebox';
import {
  emailField,
  idField,
  nameField,
  nullableEmailField,
  nullableIdField,
  nullableStringAnswer,
  timeAnswer,
} from './fields.ts';
import { pageQuery } from './page-schemas.ts';

export const memberListQuery = Type.Object(
  {
    ...pageQuery.properties,
    team_id: Type.Optional({
      ...idField,
      description: 'Only those of this team, 404 where it is not there; `none`: of no team.',
    }),
  },
  { additionalProperties: false },
);

/** Teams and members. */
export const createTeamBody = Type.Object({ name: nameField }, { additionalProperties: false });
export const updateTeamBody = Type.Object(
  { name: Type.Optional(nameField) },
  { additionalProperties: false, minProperties: 1 },
);

export const teamSchema = Type.Object(
  {
    id: Type.String({ pattern: '^team_' }),
    account_id: Type.String({ pattern: '^acct_' }),
    name: Type.String(),
    created_at: timeAnswer,
  },
  { additionalProperties: false },
);
export type TeamAnswer = Static<typeof teamSchema>;

export const createMemberBody = Type.Object(
  { name: nameField, email: Type.Optional(emailField), team_id: Type.Optional(idField) },
  { additionalProperties: false },
);
export const updateMemberBody = Type.Object(
  {
    name: Type.Optional(nameField),
    email: Type.Optional(nullableEmailField),
    team_id: Type.Optional(nullableIdField),
  },
  { additionalProperties: false, minProperties: 1 },
);

export const memberSchema = Type.Object(
  {
    id: Type.String({ pattern: '^mem_' }),
    account_id: Type.String({ pattern: '^acct_' }),
    team_id: nullableStringAnswer,
    name: Type.String(),
    email: nullableStringAnswer,
    created_at: timeAnswer,
  },
  { additionalProperties: false },
);
export type MemberAnswer = Static<typeof memberSchema>;
