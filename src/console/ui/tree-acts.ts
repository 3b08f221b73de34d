import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { adminPath } from '../data/api.ts';
import type { KeyWithSecret } from '../data/api-types.ts';
import { useAccountId } from '../data/context.ts';
import type { TreeAct } from '../data/tree.ts';
import { html } from '../html.ts';
import { announce } from './announce.ts';
import { Confirm } from './confirm.ts';
import { KeyDialog } from './key-dialog.ts';
import { LimitsDialog } from './limits-dialog.ts';
import { MemberDialog, TeamDialog } from './people-dialogs.ts';
import { RotateDialog } from './rotate-dialog.ts';
import { SecretDialog } from './secret-dialog.ts';

interface TreeActsProps {
  act: TreeAct;
  /** Something was changed. */
  onDone: () => void;
  onClose: () => void;
}

/** The dialog of what is to be done, and of the secret that comes of it. */
export function TreeActs({ act, onDone, onClose }: TreeActsProps): VNode {
  const accountId = useAccountId();
  const [made, setMade] = useState<KeyWithSecret>();
  const done = (said: string) => (): void => {
    onDone();
    onClose();
    announce(said);
  };
  const onSecret = (key: KeyWithSecret): void => {
    onDone();
    setMade(key);
  };
  if (made !== undefined) return html`<${SecretDialog} of=${made} onClose=${onClose} />`;
  switch (act.kind) {
    case 'make-team':
      return html`<${TeamDialog} onDone=${done('The team was made')} onClose=${onClose} />`;
    case 'make-member':
      return html`<${MemberDialog} team=${act.team} onDone=${done('The member was made')} onClose=${onClose} />`;
    case 'make-key':
      return html`<${KeyDialog} team=${act.team} member=${act.member} onMade=${onSecret} onClose=${onClose} />`;
    case 'rotate':
      return html`<${RotateDialog} of=${act.key} onMade=${onSecret} onClose=${onClose} />`;
    case 'revoke':
      return html`<${Confirm} title="Revoke ${act.key.name}?" submit="Revoke it for good" onClose=${onClose} onDone=${done('The key was revoked')}
        sending=${{ method: 'POST', path: adminPath(`/accounts/${accountId}/keys/${act.key.id}/revoke`), body: {} }}>
        <p>Calls with <code>${act.key.hint}…</code> are refused from now on. A revoked key cannot be brought back, and its limits go with it.</p>
      <//>`;
    case 'limits':
      return html`<${LimitsDialog} scope=${act.scope} name=${act.name} onChanged=${onDone} onClose=${onClose} />`;
  }
}
