import type { VNode } from 'preact';
import type { Key } from '../data/api-types.ts';
import { useAccountId } from '../data/context.ts';
import { keepName } from '../data/names.ts';
import { useTree } from '../data/tree.ts';
import { html } from '../html.ts';
import { LimitsButton } from './limits-button.ts';
import { Time } from './time.ts';
import { TreeRow } from './tree-table.ts';

interface KeyRowProps {
  of: Key;
  level: number;
  /** That its calls count for, by the key or its member. */
  teamId?: string | undefined;
}

export function KeyRow({ of: key, level, teamId }: KeyRowProps): VNode {
  const accountId = useAccountId();
  const { act, mayWritePeople } = useTree();
  keepName(key.id, key.name);
  const isLive = key.status === 'active';
  const button = (kind: 'rotate' | 'revoke', text: string): VNode =>
    html`<button type="button" class="button button-small" aria-label="${text} the key ${key.name}" onClick=${() => act({ kind, key })}>${text}</button>`;
  const actions = !isLive
    ? null
    : html`${mayWritePeople ? html`${button('rotate', 'Rotate')}${button('revoke', 'Revoke')}` : null}<${LimitsButton} type="key" id=${key.id} name=${key.name} />`;
  const sub = html`<code>${key.hint}…</code>${isLive ? null : html` <span class="tag tag-bad">${key.status}</span>`}${
    key.expires_at !== null && isLive ? html` ends <${Time} at=${key.expires_at} as="distance" />` : null
  }${key.previous_secret_expires_at !== null && isLive ? html` old secret ends <${Time} at=${key.previous_secret_expires_at} as="distance" />` : null}${key.allowed_models === null ? null : ` only ${key.allowed_models.join(', ')}`}`;
  return html`<${TreeRow} level=${level} kind="Key" name=${key.name} sub=${sub} scopes=${[key.id, key.member_id, key.team_id ?? teamId, accountId]} actions=${actions} isQuiet=${!isLive} />`;
}
