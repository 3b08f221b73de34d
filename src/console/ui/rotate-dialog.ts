import type { VNode } from 'preact';
import { adminPath } from '../data/api.ts';
import type { Key, KeyWithSecret } from '../data/api-types.ts';
import { useAccountId } from '../data/context.ts';
import { html } from '../html.ts';
import { Dialog } from './dialog.ts';
import { Field, Form, type Sending } from './form.ts';

const GRACES = [
  { value: '0', label: 'Ends at once, as a leaked one must' },
  { value: '3600', label: 'Works for one hour more' },
  { value: '86400', label: 'Works for one day more' },
  { value: '604800', label: 'Works for seven days more' },
];

interface RotateDialogProps {
  of: Key;
  onMade: (key: KeyWithSecret) => void;
  onClose: () => void;
}

export function RotateDialog({ of: key, onMade, onClose }: RotateDialogProps): VNode {
  const accountId = useAccountId();
  const toSending = ({ grace }: Record<string, string>): Sending => ({
    method: 'POST',
    path: adminPath(`/accounts/${accountId}/keys/${key.id}/rotate`),
    body: { grace_seconds: Number(grace) },
  });
  return html`<${Dialog} title="Rotate ${key.name}" onClose=${onClose}>
    <p>The key gets a new secret, which is shown once. Its name, its limits and its history stay.</p>
    <${Form} submit="Make a new secret" toSending=${toSending} onDone=${onMade} onCancel=${onClose}>
      ${(error: (field: string) => string | undefined) => html`<${Field} label="The old secret" name="grace" options=${GRACES} value="86400" error=${error('grace_seconds')} />`}
    <//>
  <//>`;
}
