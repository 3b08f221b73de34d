/** Called with an account id when something of it changed; with undefined: anything may have changed. */
export type ChangeListener = (accountId: string | undefined) => void;

/** The listeners of one directory. */
export interface ChangeListeners {
  add(listener: ChangeListener): void;
  announce(accountId: string | undefined): void;
}

export function createChangeListeners(): ChangeListeners {
  const listeners: ChangeListener[] = [];
  return {
    add: (listener) => void listeners.push(listener),
    announce: (accountId) => {
      for (const listener of listeners) listener(accountId);
    },
  };
}
