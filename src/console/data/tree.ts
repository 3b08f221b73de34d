import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Key, Member, ScopeType, Team } from './api-types.ts';
import type { QuotaView } from './quota-view.ts';

/** Something to be done about a part of the tree, in a dialog. */
export type TreeAct =
  | { kind: 'make-team' }
  | { kind: 'make-member'; team?: Team }
  | { kind: 'make-key'; team?: Team; member?: Member }
  | { kind: 'rotate'; key: Key }
  | { kind: 'revoke'; key: Key }
  | { kind: 'limits'; scope: { type: ScopeType; id: string }; name: string };

/** What all rows of the tree share. */
export interface Tree {
  quotas: readonly QuotaView[];
  accountName: string;
  /** Whether limits of the account itself are among the quotas: a team is not shown them. */
  seesAccount: boolean;
  act: (act: TreeAct) => void;
  mayWritePeople: boolean;
  mayWriteQuotas: boolean;
  mayMakeTeams: boolean;
  /** Goes up when something was changed. */
  round: number;
}

export const TreeContext = createContext<Tree | undefined>(undefined);

export function useTree(): Tree {
  const tree = useContext(TreeContext);
  if (tree === undefined) throw new Error('a row was shown outside of its tree');
  return tree;
}
