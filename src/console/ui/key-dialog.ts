import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { adminPath } from '../data/api.ts';
import type { KeyWithSecret, Member, Team } from '../data/api-types.ts';
import { useAccountId, useDesk } from '../data/context.ts';
import { useMemberOptions, useTeamOptions } from '../data/team-options.ts';
import { html } from '../html.ts';
import { Dialog } from './dialog.ts';
import { Field, Form, type Sending } from './form.ts';

interface KeyDialogProps {
  team: Team | undefined;
  member: Member | undefined;
  onMade: (key: KeyWithSecret) => void;
  onClose: () => void;
}

export function KeyDialog({ team, member, onMade, onClose }: KeyDialogProps): VNode {
  const accountId = useAccountId();
  const { session } = useDesk();
  const [teamId, setTeamId] = useState(team?.id ?? session.scope.team_id ?? '');
  const teams = useTeamOptions();
  const members = useMemberOptions(teamId);
  const toSending = (values: Record<string, string>): Sending => ({
    method: 'POST',
    path: adminPath(`/accounts/${accountId}/keys`),
    body: toBody(values),
  });
  return html`<${Dialog} title="New key" onClose=${onClose}>
    <${Form} submit="Make key" toSending=${toSending} onDone=${onMade} onCancel=${onClose}>
      ${(error: (field: string) => string | undefined) => html`
        <${Field} label="Name" name="name" isFirst error=${error('name')} hint="Where it is used: ada-laptop, ci-runner" />
        <${Field} label="Team" name="team_id" options=${teams} value=${teamId} error=${error('team_id')} onInput=${(event: Event) => setTeamId((event.target as HTMLSelectElement).value)} />
        <${Field} label="Member" name="member_id" options=${members} value=${member?.id ?? ''} error=${error('member_id')} />
        <${Field} label="Ends on" name="expires_at" type="date" isOptional error=${error('expires_at')} hint="At the end of that day; it works until it is revoked where nothing is said." />
        <${Field} label="Only for models" name="allowed_models" isOptional error=${error('allowed_models')} hint="Names with commas between; all where nothing is said." />`}
    <//>
  <//>`;
}

function toBody({ name, team_id, member_id, expires_at, allowed_models = '' }: Record<string, string>): object {
  const models = allowed_models
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean);
  return {
    name,
    ...(team_id ? { team_id } : {}),
    ...(member_id ? { member_id } : {}),
    ...(expires_at ? { expires_at: endOfDay(expires_at) } : {}),
    ...(models.length > 0 ? { allowed_models: models } : {}),
  };
}

/** Where the reader is. */
function endOfDay(day: string): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + 1).toISOString();
}
