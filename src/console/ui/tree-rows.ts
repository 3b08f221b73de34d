import type { VNode } from 'preact';
import { adminPath } from '../data/api.ts';
import type { Key, Member, Team } from '../data/api-types.ts';
import { useAccountId } from '../data/context.ts';
import { keepName } from '../data/names.ts';
import { type TreeAct, useTree } from '../data/tree.ts';
import { type Pages, usePages } from '../data/use-pages.ts';
import { html } from '../html.ts';
import { KeyRow } from './key-row.ts';
import { LimitsButton } from './limits-button.ts';
import { More } from './more.ts';
import { TreeRow, useTurn } from './tree-table.ts';

const PAGE = 100;
const COLUMNS = 6;

export function AccountRow(): VNode {
  const accountId = useAccountId();
  const { accountName: name } = useTree();
  return html`<${TreeRow} level=${0} kind="Account" name=${name} scopes=${[accountId]} actions=${html`<${LimitsButton} type="account" id=${accountId} name=${name} />`} />`;
}

export function TeamRows({ team, startsOpen }: { team: Team; startsOpen: boolean }): VNode {
  const accountId = useAccountId();
  const turn = useTurn(startsOpen);
  keepName(team.id, team.name);
  const actions = html`
    <${ActButton} text="New key" act=${{ kind: 'make-key', team }} label="New key of ${team.name}" />
    <${LimitsButton} type="team" id=${team.id} name=${team.name} />`;
  return html`
    <${TreeRow} level=${1} kind="Team" name=${team.name} scopes=${[team.id, accountId]} actions=${actions} ...${turn} />
    ${turn.isOpen ? html`<${TeamPeople} team=${team} />` : null}`;
}

function TeamPeople({ team }: { team: Team }): VNode {
  const accountId = useAccountId();
  const members = usePages<Member>(adminPath(`/accounts/${accountId}/members`, { team_id: team.id, limit: 200 }));
  const keys = usePages<Key>(adminPath(`/accounts/${accountId}/keys`, { team_id: team.id, limit: PAGE }));
  const isMembers = (key: Key): boolean => members.items.some(({ id }) => id === key.member_id);
  const others = keys.items.filter((key) => !isMembers(key));
  const isNobody =
    members.items.length === 0 &&
    keys.items.length === 0 &&
    !members.isLoading &&
    !keys.isLoading &&
    keys.problem === undefined;
  return html`
    ${members.items.map((member) => html`<${MemberRows} key=${member.id} member=${member} team=${team} keys=${keys.items.filter((key) => key.member_id === member.id)} />`)}
    ${others.map((key) => html`<${KeyRow} key=${key.id} of=${key} level=${2} teamId=${team.id} />`)}
    ${isNobody ? html`<tr class="level-2"><td colspan=${COLUMNS} class="note"><div class="tree-cell">No members and no keys yet.</div></td></tr>` : null}
    <${FootRow} of=${members} label="Show more members of ${team.name}" />
    <${FootRow} of=${keys} label="Show more keys of ${team.name}" />`;
}

function MemberRows({ member, team, keys }: { member: Member; team: Team | undefined; keys: readonly Key[] }): VNode {
  const accountId = useAccountId();
  keepName(member.id, member.name);
  const actions = html`
    <${ActButton} text="New key" act=${{ kind: 'make-key', member, ...(team ? { team } : {}) }} label="New key for ${member.name}" />
    <${LimitsButton} type="member" id=${member.id} name=${member.name} />`;
  return html`
    <${TreeRow} level=${2} kind="Member" name=${member.name} sub=${member.email} scopes=${[member.id, member.team_id, accountId]} actions=${actions} />
    ${keys.map((key) => html`<${KeyRow} key=${key.id} of=${key} level=${3} teamId=${team?.id} />`)}`;
}

/** Keys that belong to no team. */
export function NoTeamRows({ startsOpen }: { startsOpen: boolean }): VNode | null {
  const accountId = useAccountId();
  const turn = useTurn(startsOpen);
  const keys = usePages<Key>(adminPath(`/accounts/${accountId}/keys`, { team_id: 'none', limit: PAGE }));
  if (keys.items.length === 0 && !keys.isLoading && keys.problem === undefined && !startsOpen) return null;
  return html`
    <${TreeRow} level=${1} kind="" name="Without a team" scopes=${[accountId]} ...${turn} />
    ${turn.isOpen ? keys.items.map((key) => html`<${KeyRow} key=${key.id} of=${key} level=${2} />`) : null}
    ${turn.isOpen && keys.items.length === 0 && !keys.isLoading ? html`<tr class="level-2"><td colspan=${COLUMNS} class="note"><div class="tree-cell">No keys yet. Make one, and point a client at Tollgate with it.</div></td></tr>` : null}
    ${turn.isOpen ? html`<${FootRow} of=${keys} label="Show more keys" />` : null}`;
}

function FootRow<Item>({ of, label }: { of: Pages<Item>; label: string }): VNode | null {
  if (!of.isLoading && !of.hasMore && of.problem === undefined) return null;
  return html`<tr><td colspan=${COLUMNS}><${More} of=${of} label=${label} /></td></tr>`;
}

function ActButton({ text, act, label }: { text: string; act: TreeAct; label: string }): VNode | null {
  const tree = useTree();
  if (!tree.mayWritePeople) return null;
  return html`<button type="button" class="button button-small" aria-label=${label} onClick=${() => tree.act(act)}>${text}</button>`;
}
