/** The admin API of a running Tollgate, as an operator calls it. */
export interface AdminCalls {
  /** Sends one call. @throws on any answer that is not a success. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** An account with a grant and a key. */
  createCaller(options?: CallerOptions): Promise<Caller>;
  /** Every account, over all pages. */
  readAccounts(): Promise<AdminAccount[]>;
  readAccount(accountId: string): Promise<AdminAccount>;
  /** Every entry, over all pages. */
  readJournal(accountId: string): Promise<AdminJournalEntry[]>;
  readGrants(accountId: string): Promise<AdminGrant[]>;
}

export interface CallerOptions {
  /** Dollars granted; "100" unless given, none at "0". */
  creditUsd?: string;
  name?: string;
  account?: Readonly<Record<string, unknown>>;
  key?: Readonly<Record<string, unknown>>;
}

export interface Caller {
  accountId: string;
  keyId: string;
  /** The API key. */
  secret: string;
}

export type AdminBalance = Record<
  | 'granted_usd'
  | 'available_usd'
  | 'pending_usd'
  | 'held_usd'
  | 'spent_usd'
  | 'expired_usd'
  | 'voided_usd'
  | 'debt_usd'
  | 'charged_usd',
  string
>;

export interface AdminAccount {
  id: string;
  balance: AdminBalance;
}

export interface AdminGrant {
  id: string;
  amount_usd: string;
  remaining_usd: string;
  held_usd: string;
  spent_usd: string;
  expired_usd: string;
  voided_usd: string;
}

export interface AdminJournalEntry {
  sequence: number;
  operation: string;
  subject_id: string;
  amount_usd: string;
  postings: { kind: string; grant_id?: string; amount_usd: string }[];
  details?: Record<string, unknown>;
}

/** The largest pages there are. */
const ENTRIES = 1_000;
const RECORDS = 200;

/** @param place asked anew for each call, since a process that starts again has other ports. */
export function createAdminCalls(place: () => { adminUrl: string; token: string }): AdminCalls {
  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { adminUrl, token } = place();
    const send = (): Promise<Response> =>
      fetch(`${adminUrl}/admin/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    // A connection kept alive may be closed at the very moment at which it is used again: reading is tried once more.
    const response = await send().catch((error: unknown) => (method === 'GET' ? send() : Promise.reject(error)));
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }
  return {
    call,
    createCaller: (options) => createCaller(call, options),
    async readAccounts() {
      const accounts: AdminAccount[] = [];
      for (let after = ''; ; after = `&after=${accounts.at(-1)?.id}`) {
        const page = await call<{ data: AdminAccount[]; has_more: boolean }>(
          'GET',
          `/accounts?limit=${RECORDS}${after}`,
        );
        accounts.push(...page.data);
        if (!page.has_more) return accounts;
      }
    },
    readAccount: (accountId) => call('GET', `/accounts/${accountId}`),
    async readGrants(accountId) {
      const page = await call<{ data: AdminGrant[] }>('GET', `/accounts/${accountId}/grants?limit=${RECORDS}`);
      return page.data;
    },
    async readJournal(accountId) {
      const entries: AdminJournalEntry[] = [];
      for (;;) {
        const after = entries.at(-1)?.sequence ?? 0;
        const page = await call<{ data: AdminJournalEntry[]; has_more: boolean }>(
          'GET',
          `/accounts/${accountId}/journal?after=${after}&limit=${ENTRIES}`,
        );
        entries.push(...page.data);
        if (!page.has_more) return entries;
      }
    },
  };
}

async function createCaller(call: AdminCalls['call'], options: CallerOptions = {}): Promise<Caller> {
  const { creditUsd = '100', name = 'Acme' } = options;
  const account = await call<AdminAccount>('POST', '/accounts', { name, ...options.account });
  if (creditUsd !== '0') {
    await call('POST', `/accounts/${account.id}/grants`, { amount_usd: creditUsd, kind: 'paid' });
  }
  const key = await call<{ id: string; secret: string }>('POST', `/accounts/${account.id}/keys`, {
    name: 'laptop',
    ...options.key,
  });
  return { accountId: account.id, keyId: key.id, secret: key.secret };
}
