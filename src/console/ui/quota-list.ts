import type { VNode } from 'preact';
import type { Quota } from '../data/api-types.ts';
import { readQuota } from '../data/quota-view.ts';
import { html } from '../html.ts';
import { Bar } from './bar.ts';
import { Time } from './time.ts';

const WHOSE = { account: 'the account', team: 'your team', member: 'you', key: 'this key' } as const;

/** Limits with what is used of them, for those whom they limit. */
export function QuotaList({ quotas }: { quotas: readonly Quota[] }): VNode {
  return html`<ul class="quota-list">
    ${quotas.map(readQuota).map(
      ({ id, scope, words, used, held, share, usedShare, resetsAt, measure }) => html`<li key=${id}>
      <p><strong>${words}</strong> <span class="note">for ${WHOSE[scope.type]}</span></p>
      <${Bar} share=${usedShare} held=${share - usedShare} label="Used of ${words}" isLimit />
      <p class="note">${measure === 'concurrency' ? `${held} open` : `${used} used, ${held} held`}${resetsAt === null ? null : html`, resets <${Time} at=${resetsAt} as="distance" />`}</p>
    </li>`,
    )}
  </ul>`;
}
