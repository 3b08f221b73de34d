import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Session } from './api-types.ts';

/** Who looks, at which account. */
export interface Desk {
  session: Session;
  /** Undefined where there is no account yet, and until the first one is known. */
  accountId: string | undefined;
}

export const DeskContext = createContext<Desk | undefined>(undefined);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === undefined) throw new Error('a page was shown to nobody');
  return desk;
}

export function useMay(permission: string): boolean {
  return useDesk().session.permissions.includes(permission);
}

/** Whether all of the account is the reader's to see, or one team of it. */
export function useSeesAccount(): boolean {
  return useDesk().session.scope.type !== 'team';
}

/** The account in view; pages are shown only where there is one. */
export function useAccountId(): string {
  return useDesk().accountId ?? '';
}
