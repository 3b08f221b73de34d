import type { VNode } from 'preact';
import { useId, useState } from 'preact/hooks';
import { html } from '../html.ts';
import { Copy } from './copy.ts';

interface ClientSettingsProps {
  publicUrl: string;
  secret: string;
}

interface Client {
  id: string;
  name: string;
  write: (url: string, secret: string) => string;
}

const CLIENTS: readonly Client[] = [
  {
    id: 'typescript',
    name: 'TypeScript',
    write: (url, secret) =>
      `import Anthropic from '@anthropic-ai/sdk';\n\nconst client = new Anthropic({ baseURL: '${url}', apiKey: '${secret}' });`,
  },
  {
    id: 'python',
    name: 'Python',
    write: (url, secret) =>
      `from anthropic import Anthropic\n\nclient = Anthropic(base_url="${url}", api_key="${secret}")`,
  },
  {
    id: 'claude-code',
    name: 'Claude Code',
    write: (url, secret) => `export ANTHROPIC_BASE_URL=${url}\nexport ANTHROPIC_AUTH_TOKEN=${secret}\nclaude`,
  },
  {
    id: 'curl',
    name: 'curl',
    write: (url, secret) =>
      [
        `curl ${url}/v1/messages \\`,
        `  -H 'x-api-key: ${secret}' -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' \\`,
        `  -d '{"model": "claude-haiku-4-5", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}'`,
      ].join('\n'),
  },
];

/** What to put where, for each kind of client, to be pasted as it is. */
export function ClientSettings({ publicUrl, secret }: ClientSettingsProps): VNode {
  const [chosen, setChosen] = useState(0);
  const id = useId();
  const client = CLIENTS[chosen];
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const next = (chosen + step + CLIENTS.length) % CLIENTS.length;
    setChosen(next);
    document.getElementById(`${id}-${next}`)?.focus();
  };
  return html`<div>
    <div class="tabs" role="tablist" aria-label="Client" onKeyDown=${onKey}>
      ${CLIENTS.map(({ name }, index) => html`<button type="button" role="tab" id=${`${id}-${index}`} aria-selected=${index === chosen} aria-controls=${`${id}-panel`} tabindex=${index === chosen ? 0 : -1} onClick=${() => setChosen(index)}>${name}</button>`)}
    </div>
    <div class="tab-panel" role="tabpanel" id=${`${id}-panel`} aria-labelledby=${`${id}-${chosen}`}>
      ${client === undefined ? null : html`<${Copy} key=${client.id} text=${client.write(publicUrl, secret)} label=${`settings for ${client.name}`} />`}
    </div>
  </div>`;
}
