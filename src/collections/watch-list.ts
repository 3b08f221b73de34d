import { createLinkedMap } from './linked-map.ts';

/** What is remembered of something that is watched, and whether work for it is under way. */
export type Watched<State> = State & {
  busy: boolean;
  /** What came meanwhile, the newest of each kind. */
  next: Map<string, () => void> | undefined;
};

/** Things that are watched by what is seen of them; for each, one piece of work at a time. */
export interface WatchList<State> {
  /** What is remembered under the key, made anew where nothing is. */
  find(key: string): Watched<State>;
  forget(key: string): void;
  /** Does the work, which must not reject, and then what came for the same in the meantime. */
  begin(watched: Watched<State>, work: () => Promise<void>): void;
  /** Keeps for the end of the work under way what came now; of one kind the newest alone. */
  postpone(watched: Watched<State>, kind: string, again: () => void): void;
  /** Resolves when no work is under way any more. */
  settled(): Promise<void>;
}

/**
 * @param most remembered; of more the one not looked for longest is forgotten.
 * @param unseen what is known of something new; each has a copy.
 */
export function createWatchList<State extends object>(most: number, unseen: State): WatchList<State> {
  const list = createLinkedMap<Watched<State>>();
  const running = new Set<Promise<void>>();
  return {
    find(key) {
      const watched = list.get(key) ?? { ...unseen, busy: false, next: undefined };
      list.setLast(key, watched);
      const oldest = list.size > most ? list.firstKey() : undefined;
      if (oldest !== undefined) list.delete(oldest);
      return watched;
    },
    forget: (key) => void list.delete(key),
    begin(watched, work) {
      watched.busy = true;
      const done = work().finally(() => {
        running.delete(done);
        watched.busy = false;
        const { next } = watched;
        watched.next = undefined;
        for (const again of next?.values() ?? []) again();
      });
      running.add(done);
    },
    postpone(watched, kind, again) {
      watched.next ??= new Map();
      watched.next.set(kind, again);
    },
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
