import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { ScopeType } from '../data/api-types.ts';
import { findBinding, type QuotaView } from '../data/quota-view.ts';
import { useTree } from '../data/tree.ts';
import { type Content, html, names } from '../html.ts';
import { Bar } from './bar.ts';
import { Time } from './time.ts';

/** The frame of rows that stand under each other by whom they belong to. */
export function TreeTable({ caption, children }: { caption: string; children?: Content }): VNode {
  return html`<div class="table-frame tree-frame" role="region" aria-label=${caption} tabindex="0">
    <table class="tree">
      <caption class="unseen">${caption}</caption>
      <thead><tr>
        <th scope="col">Name</th><th scope="col">Limit that binds</th><th scope="col" class="figure-cell">Used</th>
        <th scope="col" class="figure-cell">Held</th><th scope="col">Resets</th><th scope="col"><span class="unseen">Actions</span></th>
      </tr></thead>
      <tbody>${children}</tbody>
    </table>
  </div>`;
}

interface TreeRowProps {
  level: number;
  kind: 'Account' | 'Team' | 'Member' | 'Key' | '';
  name: string;
  sub?: Content;
  /** Whose limits count for it: its own id and those above it. */
  scopes: readonly (string | null | undefined)[];
  actions?: Content;
  isQuiet?: boolean;
  isOpen?: boolean;
  onTurn?: () => void;
}

const OF: Readonly<Record<ScopeType, string>> = {
  account: 'of the account',
  team: 'of the team',
  member: 'of the member',
  key: '',
};

export function TreeRow(props: TreeRowProps): VNode {
  const { level, kind, name, sub, scopes, actions, isQuiet = false, isOpen, onTurn } = props;
  const { quotas, seesAccount } = useTree();
  const binding = findBinding(quotas, scopes);
  const label = html`<span class="tree-name">${name}</span>${kind === '' ? null : html` <span class="tag">${kind}</span>`}`;
  return html`<tr class=${names(`level-${level}`, isQuiet && 'quiet')}>
    <th scope="row"><div class="tree-cell">
      ${onTurn === undefined ? html`<span>${label}</span>` : html`<button type="button" class="disclose" aria-expanded=${isOpen} onClick=${onTurn}>${label}</button>`}
      ${sub ? html`<span class="cell-sub">${sub}</span>` : null}
    </div></th>
    ${binding === undefined ? html`<td class="note" colspan="4" data-label="Limit">${seesAccount ? 'no limit but the credit' : 'no limit in the team'}</td>` : html`<${LimitCells} quota=${binding} ownId=${scopes[0]} />`}
    <td><span class="cell-buttons">${actions}</span></td>
  </tr>`;
}

function LimitCells({ quota, ownId }: { quota: QuotaView; ownId: string | null | undefined }): VNode {
  const whose = quota.scope.id === ownId ? '' : OF[quota.scope.type];
  return html`
    <td data-label="Limit">${quota.words}${quota.mode === 'soft' ? html` <span class="tag">soft</span>` : null}${whose === '' ? null : html`<span class="cell-sub">${whose}</span>`}</td>
    <td class="figure-cell" data-label="Used">${quota.measure === 'concurrency' ? '–' : quota.used}<${Bar} share=${quota.usedShare} held=${quota.share - quota.usedShare} label="Used of ${quota.words}" isLimit /></td>
    <td class="figure-cell" data-label="Held">${quota.held}</td>
    <td data-label="Resets">${quota.resetsAt === null ? 'never' : html`<${Time} at=${quota.resetsAt} as="distance" />`}</td>`;
}

/** Whether a part of the tree is open. */
export function useTurn(startsOpen: boolean): { isOpen: boolean; onTurn: () => void } {
  const [isOpen, setOpen] = useState(startsOpen);
  return { isOpen, onTurn: () => setOpen((before) => !before) };
}
