import type { Member, Team } from '../../directory/directory.ts';
import type { MemberAnswer, TeamAnswer } from '../schemas/people-schemas.ts';
import { writeTime } from './write-time.ts';

export function presentTeam(team: Team): TeamAnswer {
  return { id: team.id, account_id: team.accountId, name: team.name, created_at: writeTime(team.createdAtMs) };
}

export function presentMember(member: Member): MemberAnswer {
  return {
    id: member.id,
    account_id: member.accountId,
    team_id: member.teamId ?? null,
    name: member.name,
    email: member.email ?? null,
    created_at: writeTime(member.createdAtMs),
  };
}
