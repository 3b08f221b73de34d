import type { Client } from 'undici';

/**
 * The connections to the upstream, one client each, which connects anew where its connection has ended. Who has a slot
 * takes one, so there are no more of them than slots. undici's own pool would look at each of them for every request.
 */
export interface UpstreamClients {
  /** The one that was used last, so that those that are not needed fall idle and close. */
  take(): Client;
  /** Its request has ended, or never began. */
  giveBack(client: Client): void;
  /** Breaks every connection off. */
  destroy(): Promise<void>;
}

export function createUpstreamClients(createClient: () => Client): UpstreamClients {
  const all: Client[] = [];
  const free: Client[] = [];
  return {
    take() {
      const used = free.pop();
      if (used !== undefined) return used;
      const fresh = createClient();
      all.push(fresh);
      return fresh;
    },
    giveBack: (client) => void free.push(client),
    async destroy() {
      await Promise.all(all.map((client) => client.destroy()));
    },
  };
}
