import { Type } from 'typebox';
import type { Member } from '../../directory/directory.ts';
import { teamOf } from '../access/caller.ts';
import { readOwners } from '../access/read-owners.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentMember } from '../answers/present-people.ts';
import { findAccountOrRefuse, findOpenAccountOrRefuse } from '../find-account-or-refuse.ts';
import { findMembers } from '../find-members.ts';
import { findUnknownOwners } from '../find-unknown-owners.ts';
import { describeFieldErrors, refuse, refuseFields } from '../problem.ts';
import { accountParams, answers, answersNothing, writeHeaders } from '../route-schemas.ts';
import { answerPage, readPage } from '../schemas/page-schemas.ts';
import { createMemberBody, memberListQuery, updateMemberBody } from '../schemas/people-schemas.ts';
import { UNKNOWN } from '../unknown-details.ts';

const tags = ['members'];
const memberParams = Type.Object({ account_id: Type.String(), member_id: Type.String() });
const UNKNOWN_TEAM = [{ field: 'team_id', message: 'is no team of this account' }];

export function addMemberRoutes(app: AdminApp, parts: AdminParts): void {
  addCreateMember(app, parts);
  addReadMembers(app, parts);
  addUpdateMember(app, parts);
  addDeleteMember(app, parts);
}

function addCreateMember(app: AdminApp, { directory }: AdminParts): void {
  const schema = {
    operationId: 'createMember',
    summary: 'Create a member',
    tags,
    headers: writeHeaders,
    params: accountParams,
    body: createMemberBody,
    response: answers(201, 'Member', 'The member.'),
  };
  app.post(
    '/accounts/:account_id/members',
    { schema, config: { permission: 'people.write', narrowest: 'team' } },
    async (request, reply) => {
      const accountId = request.params.account_id;
      if ((await findOpenAccountOrRefuse(directory, accountId, reply)) === undefined) return reply;
      const owners = await readOwners(directory, request.caller, { accountId, makes: true }, request.body);
      if (Array.isArray(owners)) return refuseFields(reply, owners);
      const { name, email } = request.body;
      const member: Member = {
        id: request.write.newId('mem'),
        accountId,
        name,
        ...(email === undefined ? {} : { email }),
        ...(owners.teamId ? { teamId: owners.teamId } : {}),
        createdAtMs: request.write.nowMs,
      };
      const created = await directory.createMember(member);
      if (created.result === 'conflict')
        return refuse(reply, 'idempotency_conflict', 'It made a member of other content.');
      if (created.result === 'no_reference') return refuseFields(reply, UNKNOWN_TEAM);
      reply.code(201);
      return presentMember(created.record);
    },
  );
}

function addReadMembers(app: AdminApp, { directory }: AdminParts): void {
  const listSchema = {
    operationId: 'listMembers',
    summary: 'List members',
    tags,
    params: accountParams,
    querystring: memberListQuery,
    response: answers(200, 'MemberPage', 'In order of creation.'),
  };
  app.get(
    '/accounts/:account_id/members',
    { schema: listSchema, config: { permission: 'usage.read', narrowest: 'team' } },
    async (request, reply) => {
      const accountId = request.params.account_id;
      if ((await findAccountOrRefuse(directory, accountId, reply)) === undefined) return reply;
      const page = readPage(request.query);
      const { team_id: teamId } = request.query;
      const own = teamOf(request.caller);
      const unknown = await findUnknownOwners(directory, { accountId, ...own }, { team: teamId });
      if (unknown.length > 0) return refuse(reply, 'not_found', describeFieldErrors(unknown), unknown);
      const members = await findMembers(
        directory,
        accountId,
        { ...(teamId === undefined ? {} : { teamId }), ...own },
        page,
      );
      return answerPage(members.map(presentMember), page.limit);
    },
  );
  const schema = {
    operationId: 'getMember',
    summary: 'Read a member',
    tags,
    params: memberParams,
    response: answers(200, 'Member', 'The member.'),
  };
  app.get(
    '/accounts/:account_id/members/:member_id',
    { schema, config: { permission: 'usage.read', narrowest: 'team' } },
    async (request, reply) => {
      const { account_id: accountId, member_id: memberId } = request.params;
      const member = await directory.findMember(accountId, memberId);
      return member === undefined ? refuse(reply, 'not_found', UNKNOWN.member) : presentMember(member);
    },
  );
}

function addUpdateMember(app: AdminApp, { directory }: AdminParts): void {
  const schema = {
    operationId: 'updateMember',
    summary: 'Change a member; null removes a field',
    tags,
    headers: writeHeaders,
    params: memberParams,
    body: updateMemberBody,
    response: answers(200, 'Member', 'The member as it is now.'),
  };
  app.patch(
    '/accounts/:account_id/members/:member_id',
    { schema, config: { permission: 'people.write', narrowest: 'team' } },
    async (request, reply) => {
      const { account_id: accountId, member_id: memberId } = request.params;
      const { name, email } = request.body;
      if ((await directory.findMember(accountId, memberId)) === undefined)
        return refuse(reply, 'not_found', UNKNOWN.member);
      const owners = await readOwners(directory, request.caller, { accountId, makes: false }, request.body);
      if (Array.isArray(owners)) return refuseFields(reply, owners);
      const { teamId } = owners;
      const member = await directory.updateMember(accountId, memberId, {
        ...(name === undefined ? {} : { name }),
        ...(email === undefined ? {} : { email }),
        ...(teamId === undefined ? {} : { teamId }),
      });
      if (member !== undefined) return presentMember(member);
      return typeof teamId === 'string'
        ? refuseFields(reply, UNKNOWN_TEAM)
        : refuse(reply, 'not_found', UNKNOWN.member);
    },
  );
}

function addDeleteMember(app: AdminApp, { directory }: AdminParts): void {
  const schema = {
    operationId: 'deleteMember',
    summary: 'Delete a member that has no keys',
    tags,
    headers: writeHeaders,
    params: memberParams,
    response: answersNothing('Deleted.'),
  };
  app.delete(
    '/accounts/:account_id/members/:member_id',
    { schema, config: { permission: 'people.write', narrowest: 'team' } },
    async (request, reply) => {
      const { account_id: accountId, member_id: memberId } = request.params;
      const result = await directory.deleteMember(accountId, memberId);
      if (result === 'in_use') return refuse(reply, 'in_use', 'Keys still belong to this member.');
      // The first try of this write may have deleted it already.
      if (result === 'not_found' && !request.write.resumed) return refuse(reply, 'not_found', UNKNOWN.member);
      return reply.code(204).send();
    },
  );
}
