import { adminPath } from './api.ts';
import type { Member, Page, Team } from './api-types.ts';
import { useAccountId, useDesk } from './context.ts';
import { useResource } from './use-resource.ts';

interface Option {
  value: string;
  label: string;
}

const SHOWN = 200;

/** Teams to choose from; a team's own token has its team alone. */
export function useTeamOptions(): Option[] {
  const accountId = useAccountId();
  const { session } = useDesk();
  const teams = useResource<Page<Team>>(adminPath(`/accounts/${accountId}/teams`, { limit: SHOWN }));
  const options = (teams.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return session.scope.team_id === undefined ? [{ value: '', label: 'No team' }, ...options] : options;
}

/** Members to choose from, of a team where one is named. */
export function useMemberOptions(teamId: string): Option[] {
  const accountId = useAccountId();
  const path = adminPath(`/accounts/${accountId}/members`, { limit: SHOWN, team_id: teamId });
  const members = useResource<Page<Member>>(path);
  return [
    { value: '', label: 'Nobody' },
    ...(members.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
  ];
}
