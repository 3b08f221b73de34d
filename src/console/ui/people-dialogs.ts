import type { VNode } from 'preact';
import { adminPath } from '../data/api.ts';
import type { Team } from '../data/api-types.ts';
import { useAccountId, useDesk } from '../data/context.ts';
import { useTeamOptions } from '../data/team-options.ts';
import { html } from '../html.ts';
import { Dialog } from './dialog.ts';
import { Field, Form, type Sending } from './form.ts';

interface PeopleDialogProps {
  onDone: () => void;
  onClose: () => void;
}

type Errors = (field: string) => string | undefined;

export function TeamDialog({ onDone, onClose }: PeopleDialogProps): VNode {
  const accountId = useAccountId();
  const toSending = ({ name }: Record<string, string>): Sending => ({
    method: 'POST',
    path: adminPath(`/accounts/${accountId}/teams`),
    body: { name },
  });
  return html`<${Dialog} title="New team" onClose=${onClose}>
    <${Form} submit="Make team" toSending=${toSending} onDone=${onDone} onCancel=${onClose}>
      ${(error: Errors) => html`<${Field} label="Name" name="name" isFirst error=${error('name')} />`}
    <//>
  <//>`;
}

export function MemberDialog({ team, onDone, onClose }: PeopleDialogProps & { team: Team | undefined }): VNode {
  const accountId = useAccountId();
  const { session } = useDesk();
  const teams = useTeamOptions();
  const toSending = ({ name, email, team_id: teamId }: Record<string, string>): Sending => ({
    method: 'POST',
    path: adminPath(`/accounts/${accountId}/members`),
    body: { name, ...(email ? { email } : {}), ...(teamId ? { team_id: teamId } : {}) },
  });
  return html`<${Dialog} title="New member" onClose=${onClose}>
    <${Form} submit="Make member" toSending=${toSending} onDone=${onDone} onCancel=${onClose}>
      ${(error: Errors) => html`
        <${Field} label="Name" name="name" isFirst error=${error('name')} />
        <${Field} label="Email" name="email" type="email" isOptional error=${error('email')} />
        <${Field} label="Team" name="team_id" options=${teams} value=${team?.id ?? session.scope.team_id ?? ''} error=${error('team_id')} />`}
    <//>
  <//>`;
}
