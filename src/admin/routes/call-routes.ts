import { Type } from 'typebox';
import { teamOf } from '../access/caller.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { findAccountOrRefuse } from '../find-account-or-refuse.ts';
import { findUnknownOwners } from '../find-unknown-owners.ts';
import { describeFieldErrors, refuse } from '../problem.ts';
import { readOpenCalls } from '../read-open-calls.ts';
import { accountParams, answers } from '../route-schemas.ts';
import { idField } from '../schemas/fields.ts';

/** Calls between their admission and their end. */
export function addCallRoutes(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'listOpenCalls',
    summary: 'List the calls in flight: what each holds and how far its answer has come',
    tags: ['calls'],
    params: accountParams,
    querystring: Type.Object(
      { team_id: Type.Optional(idField), key_id: Type.Optional(idField) },
      { additionalProperties: false },
    ),
    response: answers(
      200,
      'OpenCallList',
      'The newest first. A filter leaves out what other processes have open; 404 where its team or key is not there.',
    ),
  };
  const config = { permission: 'usage.read', narrowest: 'team' } as const;
  app.get('/accounts/:account_id/calls', { schema, config }, async (request, reply) => {
    const accountId = request.params.account_id;
    if ((await findAccountOrRefuse(parts.directory, accountId, reply)) === undefined) return reply;
    const { team_id: teamId, key_id: keyId } = request.query;
    const own = teamOf(request.caller);
    const unknown = await findUnknownOwners(parts.directory, { accountId, ...own }, { team: teamId, key: keyId });
    if (unknown.length > 0) return refuse(reply, 'not_found', describeFieldErrors(unknown), unknown);
    return readOpenCalls(parts, accountId, {
      ...(teamId === undefined ? {} : { teamId }),
      ...(keyId === undefined ? {} : { keyId }),
      ...own,
    });
  });
}
