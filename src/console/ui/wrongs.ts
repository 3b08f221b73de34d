import type { VNode } from 'preact';
import { adminPath } from '../data/api.ts';
import type { Account, HealthReport, Page, Quota, Runway } from '../data/api-types.ts';
import { useAccountId, useMay } from '../data/context.ts';
import { findWrongs } from '../data/find-wrongs.ts';
import { useLive } from '../data/live.ts';
import { useResource } from '../data/use-resource.ts';
import { html } from '../html.ts';
import { Panel } from './panel.ts';

/** What somebody should look at now, the worst first. */
export function Wrongs({ account, runway }: { account: Account | undefined; runway: Runway | undefined }): VNode {
  const accountId = useAccountId();
  const { live } = useLive();
  const freshness = live?.sequence ?? undefined;
  const quotas = useResource<Page<Quota>>(adminPath(`/accounts/${accountId}/quotas`, { limit: 200 }), { freshness });
  const health = useResource<HealthReport>(useMay('system.read') ? adminPath('/health-report') : undefined, {
    freshness,
  });
  const balance = live?.balance ?? account?.balance;
  const found = findWrongs({
    account: account && balance !== undefined ? { ...account, balance } : account,
    runway,
    quotas: quotas.data?.data ?? [],
    health: health.data,
    nowMs: Date.now(),
  });
  return html`<${Panel} title="What is wrong now">
    ${
      found.length === 0
        ? html`<p class="all-well"><span class="dot" aria-hidden="true"></span>Nothing.</p>`
        : html`<ul class="wrongs">${found.map(({ grade, text, page }) => html`<li class=${`wrong-${grade}`}><span class="unseen">${grade}: </span><a href=${page} data-page>${text}</a></li>`)}</ul>`
    }
  <//>`;
}
