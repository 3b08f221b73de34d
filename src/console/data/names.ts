import { useEffect, useState } from 'preact/hooks';
import { adminPath, send } from './api.ts';

type Named = 'team' | 'member' | 'key';

/** Names of what is known by its id, asked for one by one and once: a page shows a few of very many. */
const names = new Map<string, string>();
const asked = new Map<string, Promise<void>>();

export function keepName(id: string, name: string): void {
  names.set(id, name);
}

function ask(accountId: string, kind: Named, id: string): Promise<void> {
  const running = asked.get(id);
  if (running !== undefined) return running;
  const path = adminPath(`/accounts/${accountId}/${kind}s/${id}`);
  const asking = send<{ name: string }>(path, { background: true }).then(
    ({ name }) => void names.set(id, name),
    // Deleted since, or another's: it goes by its id.
    () => void names.set(id, id),
  );
  asked.set(id, asking);
  return asking;
}

/** What these ids are called, as far as it is known by now; the page is drawn again as more is. */
export function useNames(
  accountId: string,
  kind: Named,
  ids: readonly (string | null | undefined)[],
): (id: string) => string {
  const [, setRound] = useState(0);
  const missing = [...new Set(ids)].filter(
    (id): id is string =>
      typeof id === 'string' && id.startsWith(kind === 'member' ? 'mem_' : `${kind}_`) && !names.has(id),
  );
  const wish = missing.join();
  useEffect(() => {
    if (wish === '') return;
    let isShown = true;
    void Promise.all(missing.map((id) => ask(accountId, kind, id))).then(() => {
      if (isShown) setRound((round) => round + 1);
    });
    return () => {
      isShown = false;
    };
  }, [accountId, kind, wish]);
  return (id) => names.get(id) ?? id;
}
