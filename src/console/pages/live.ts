import type { VNode } from 'preact';
import { useAccountId } from '../data/context.ts';
import { useLive, useNow } from '../data/live.ts';
import { html } from '../html.ts';
import { CallTable } from '../ui/call-table.ts';
import { Money } from '../ui/money.ts';
import { Figure, PageHead, Panel } from '../ui/panel.ts';
import { Empty, Loading } from '../ui/states.ts';

/** The calls in flight. */
export default function Live(): VNode {
  const accountId = useAccountId();
  const { live, state } = useLive();
  const nowMs = useNow();
  return html`
    <${PageHead} title="Live" />
    ${state === 'lost' ? html`<p class="failure" role="alert">The connection is lost: what is shown may be out of date. It is tried again by itself.</p>` : null}
    <${Panel} title="Now" wide>
      ${
        live === undefined
          ? html`<${Loading} lines=${2} />`
          : html`<dl class="figures" aria-live="polite">
              <${Figure} label="Calls in flight">${live.open}<//>
              <${Figure} label="Held"><${Money} usd=${live.held_usd} places=${4} /><//>
              ${live.balance === null ? null : html`<${Figure} label="Available"><${Money} usd=${live.balance.available_usd} places=${4} cut /><//>`}
            </dl>`
      }
    <//>
    <${Panel} title="Calls in flight" note="What each may still cost is held. Tokens out are estimated until the answer reports them." wide>
      ${
        live === undefined
          ? html`<${Loading} lines=${4} />`
          : live.data.length === 0
            ? html`<${Empty} title="Nothing is in flight"><p>Calls show here from their admission to their end, as they happen.</p><//>`
            : html`<${CallTable} calls=${live.data} open=${live.open} accountId=${accountId} nowMs=${nowMs} />`
      }
    <//>`;
}
