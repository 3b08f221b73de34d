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
  const isNobody =
    members.items.length === 0 &&
    keys.items.length === 0 &&
    !members.isLoading &&
    !keys.isLoading &&
    keys.problem === undefined;
  return html`
    <${PeopleRows} members=${members} keys=${keys} team=${team} whose="of ${team.name}" />
    ${isNobody ? html`<tr class="level-2"><td colspan=${COLUMNS} class="note"><div class="tree-cell">No members and no keys yet.</div></td></tr>` : null}`;
}

interface PeopleRowsProps {
  members: Pages<Member>;
  keys: Pages<Key>;
  team?: Team;
  whose: string;
}

/** Members, each with the keys it has, and then the keys of no member that is shown. */
function PeopleRows({ members, keys, team, whose }: PeopleRowsProps): VNode {
  const isMembers = (key: Key): boolean => members.items.some(({ id }) => id === key.member_id);
  const others = keys.items.filter((key) => !isMembers(key));
  return html`
    ${members.items.map((member) => html`<${MemberRows} key=${member.id} member=${member} team=${team} keys=${keys.items.filter((key) => key.member_id === member.id)} />`)}
    ${others.map((key) => html`<${KeyRow} key=${key.id} of=${key} level=${2} teamId=${team?.id} />`)}
    <${FootRow} of=${members} label="Show more members ${whose}" />
    <${FootRow} of=${keys} label="Show more keys ${whose}" />`;
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

/** Members of no team with their keys, and the keys that belong to nobody. */
export function NoTeamRows({ startsOpen }: { startsOpen: boolean }): VNode | null {
  const accountId = useAccountId();
  const turn = useTurn(startsOpen);
  const members = usePages<Member>(adminPath(`/accounts/${accountId}/members`, { team_id: 'none', limit: PAGE }));
  const keys = usePages<Key>(adminPath(`/accounts/${accountId}/keys`, { team_id: 'none', limit: PAGE }));
  const isNobody = [members, keys].every(
    ({ items, isLoading, problem }) => items.length === 0 && !isLoading && problem === undefined,
  );
  if (isNobody && !startsOpen) return null;
  return html`
    <${TreeRow} level=${1} kind="" name="Without a team" scopes=${[accountId]} ...${turn} />
    ${
      turn.isOpen
        ? html`<${PeopleRows} members=${members} keys=${keys} whose="without a team" />
          ${isNobody ? html`<tr class="level-2"><td colspan=${COLUMNS} class="note"><div class="tree-cell">No keys yet. Make one, and point a client at Tollgate with it.</div></td></tr>` : null}`
        : null
    }`;
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
