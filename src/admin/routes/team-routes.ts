import { Type } from 'typebox';
import type { Team } from '../../directory/directory.ts';
import type { Caller } from '../access/caller.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentTeam } from '../answers/present-people.ts';
import { findAccountOrRefuse, findOpenAccountOrRefuse } from '../find-account-or-refuse.ts';
import { refuse } from '../problem.ts';
import { accountParams, answers, answersNothing, writeHeaders } from '../route-schemas.ts';
import { answerPage, pageQuery, readPage } from '../schemas/page-schemas.ts';
import { createTeamBody, updateTeamBody } from '../schemas/people-schemas.ts';
import { UNKNOWN } from '../unknown-details.ts';

const tags = ['teams'];
const teamParams = Type.Object({ account_id: Type.String(), team_id: Type.String() });

export function addTeamRoutes(app: AdminApp, parts: AdminParts): void {
  addCreateTeam(app, parts);
  addReadTeams(app, parts);
  addUpdateTeam(app, parts);
  addDeleteTeam(app, parts);
}

function addCreateTeam(app: AdminApp, { directory }: AdminParts): void {
  const schema = {
    operationId: 'createTeam',
    summary: 'Create a team',
    tags,
    headers: writeHeaders,
    params: accountParams,
    body: createTeamBody,
    response: answers(201, 'Team', 'The team.'),
  };
  app.post(
    '/accounts/:account_id/teams',
    { schema, config: { permission: 'account.write' } },
    async (request, reply) => {
      const accountId = request.params.account_id;
      if ((await findOpenAccountOrRefuse(directory, accountId, reply)) === undefined) return reply;
      const { newId, nowMs } = request.write;
      const team = { id: newId('team'), accountId, name: request.body.name, createdAtMs: nowMs };
      const created = await directory.createTeam(team);
      if (created.result === 'conflict')
        return refuse(reply, 'idempotency_conflict', 'It made a team of other content.');
      if (created.result === 'no_reference') return refuse(reply, 'not_found', 'There is no such account.');
      reply.code(201);
      return presentTeam(created.record);
    },
  );
}

function addReadTeams(app: AdminApp, { directory }: AdminParts): void {
  const listSchema = {
    operationId: 'listTeams',
    summary: 'List teams',
    tags,
    params: accountParams,
    querystring: pageQuery,
    response: answers(200, 'TeamPage', 'In order of creation.'),
  };
  app.get(
    '/accounts/:account_id/teams',
    { schema: listSchema, config: { permission: 'usage.read', narrowest: 'team' } },
    async (request, reply) => {
      const accountId = request.params.account_id;
      if ((await findAccountOrRefuse(directory, accountId, reply)) === undefined) return reply;
      const page = readPage(request.query);
      const teams = await listTeams(directory, accountId, request.caller, page);
      return answerPage(teams.map(presentTeam), page.limit);
    },
  );
  const schema = {
    operationId: 'getTeam',
    summary: 'Read a team',
    tags,
    params: teamParams,
    response: answers(200, 'Team', 'The team.'),
  };
  app.get(
    '/accounts/:account_id/teams/:team_id',
    { schema, config: { permission: 'usage.read', narrowest: 'team' } },
    async (request, reply) => {
      const { account_id: accountId, team_id: teamId } = request.params;
      const team = await directory.findTeam(accountId, teamId);
      return team === undefined ? refuse(reply, 'not_found', UNKNOWN.team) : presentTeam(team);
    },
  );
}

/** One more than the page has, if there is; to a team's token that team alone. */
async function listTeams(
  directory: AdminParts['directory'],
  accountId: string,
  { teamId }: Caller,
  page: { limit: number; after?: string },
): Promise<Team[]> {
  if (teamId === undefined) return directory.listTeams(accountId, { ...page, limit: page.limit + 1 });
  const own = page.after === undefined ? await directory.findTeam(accountId, teamId) : undefined;
  return own === undefined ? [] : [own];
}

function addUpdateTeam(app: AdminApp, { directory }: AdminParts): void {
  const schema = {
    operationId: 'updateTeam',
    summary: 'Rename a team',
    tags,
    headers: writeHeaders,
    params: teamParams,
    body: updateTeamBody,
    response: answers(200, 'Team', 'The team as it is now.'),
  };
  app.patch(
    '/accounts/:account_id/teams/:team_id',
    { schema, config: { permission: 'account.write' } },
    async (request, reply) => {
      const { account_id: accountId, team_id: teamId } = request.params;
      const team = await directory.updateTeam(accountId, teamId, request.body);
      return team === undefined ? refuse(reply, 'not_found', UNKNOWN.team) : presentTeam(team);
    },
  );
}

function addDeleteTeam(app: AdminApp, { directory }: AdminParts): void {
  const schema = {
    operationId: 'deleteTeam',
    summary: 'Delete a team that has neither members nor keys',
    tags,
    headers: writeHeaders,
    params: teamParams,
    response: answersNothing('Deleted.'),
  };
  app.delete(
    '/accounts/:account_id/teams/:team_id',
    { schema, config: { permission: 'account.write' } },
    async (request, reply) => {
      const { account_id: accountId, team_id: teamId } = request.params;
      const result = await directory.deleteTeam(accountId, teamId);
      if (result === 'in_use') return refuse(reply, 'in_use', 'Members or keys still belong to this team.');
      // The first try of this write may have deleted it already.
      if (result === 'not_found' && !request.write.resumed) return refuse(reply, 'not_found', UNKNOWN.team);
      return reply.code(204).send();
    },
  );
}
