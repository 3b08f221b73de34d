import type { VNode } from 'preact';
import type { KeyWithSecret } from '../data/api-types.ts';
import { useDesk } from '../data/context.ts';
import { html } from '../html.ts';
import { ClientSettings } from './client-settings.ts';
import { Copy } from './copy.ts';
import { Dialog } from './dialog.ts';

/** The one time that a secret is seen. It closes by its button alone. */
export function SecretDialog({ of: key, onClose }: { of: KeyWithSecret; onClose: () => void }): VNode {
  const { session } = useDesk();
  if (key.secret === null) {
    return html`<${Dialog} title="The secret of ${key.name}" onClose=${onClose}>
      <p>The answer with the secret was lost on its way, and it is not kept. Rotate the key to get another one.</p>
      <div class="form-buttons"><button type="button" class="button" onClick=${onClose}>Close</button></div>
    <//>`;
  }
  return html`<${Dialog} title="The secret of ${key.name}" onClose=${onClose} isFirm>
    <p class="notice">It is shown this once: only a hash of it is kept. Copy it now.</p>
    <${Copy} text=${key.secret} label="the secret" />
    <h3>Put it into a client</h3>
    <${ClientSettings} publicUrl=${session.public_url} secret=${key.secret} />
    <div class="form-buttons"><button type="button" class="button button-main" onClick=${onClose}>I have it</button></div>
  <//>`;
}
