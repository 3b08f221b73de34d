import type { VNode } from 'preact';
import type { Runway } from '../data/api-types.ts';
import type { Resource } from '../data/use-resource.ts';
import { html } from '../html.ts';
import { Money } from './money.ts';
import { Panel } from './panel.ts';
import { Loaded } from './states.ts';
import { Time } from './time.ts';

/** What will be lost at the burn of the last days. */
export function ExpiryPanel({ runway }: { runway: Resource<Runway> }): VNode {
  return html`<${Panel} title="Will expire unused">
    <${Loaded} of=${runway} lines=${2}>${({ unused, unused_usd: all }: Runway) =>
      unused.length === 0
        ? html`<p>Nothing: at this burn all of it is spent in time.</p>`
        : html`<p><${Money} usd=${all} /> at this burn:</p>
          <ul class="expiries">${unused.map(({ grant_id: id, expires_at: at, amount_usd: amount }) => html`<li key=${id}><${Money} usd=${amount} /> on <${Time} at=${at} as="date" /> <span class="note">(<${Time} at=${at} as="distance" />)</span></li>`)}</ul>`}<//>
  <//>`;
}
