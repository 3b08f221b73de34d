import type { Directory } from '../../directory/directory.ts';
import type { FieldError } from '../problem.ts';
import { describeUnknown } from '../unknown-details.ts';
import type { Caller } from './caller.ts';

/** To whom a body gives a member or a key; `null` takes it away. */
export interface Owners {
  teamId?: string | null;
  memberId?: string | null;
}

/**
 * The team and member that a body names, as far as they are the caller's. By a team's token everything stays in the
 * team: what it makes belongs there whether the body says so or not, and another team is as if it were not there.
 * @param makes the body makes a record; otherwise it changes one of the team.
 */
export async function readOwners(
  directory: Pick<Directory, 'findMember'>,
  caller: Pick<Caller, 'teamId'>,
  { accountId, makes }: { accountId: string; makes: boolean },
  body: { team_id?: string | null; member_id?: string | null },
): Promise<Owners | FieldError[]> {
  const { team_id: teamId, member_id: memberId } = body;
  const owners = { ...(teamId === undefined ? {} : { teamId }), ...(memberId === undefined ? {} : { memberId }) };
  if (caller.teamId === undefined) return owners;
  const errors: FieldError[] = [];
  if (teamId === null) errors.push({ field: 'team_id', message: 'cannot be removed with a token of the team' });
  else if (teamId !== undefined && teamId !== caller.teamId) {
    errors.push({ field: 'team_id', message: describeUnknown('team') });
  }
  if (typeof memberId === 'string' && (await directory.findMember(accountId, memberId))?.teamId !== caller.teamId) {
    errors.push({ field: 'member_id', message: describeUnknown('member') });
  }
  if (errors.length > 0) return errors;
  // A key that was the team's by its member stays so when it is handed on.
  const isBound = makes || memberId !== undefined;
  return { ...owners, ...(isBound ? { teamId: caller.teamId } : {}) };
}
