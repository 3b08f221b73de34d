import type { AlertKind } from '../domain/alert-kinds.ts';
import { type AlertChannel, BUILT_IN_CHANNEL_ID } from './alert-channel.ts';
import { type AlertRule, isAccountKind } from './alert-rule.ts';
import type { AlertStore } from './alert-store.ts';
import { BUILT_IN_RULES } from './built-in-rules.ts';

export interface AlertBookOptions {
  store: Pick<AlertStore, 'rules' | 'channels'>;
  /** The channel of ALERT_WEBHOOK_URL; undefined: there is none. */
  builtIn: AlertChannel | undefined;
  nowMs: () => number;
  /** Something was changed here. */
  onForget?: () => void;
}

/** Which rules hold and whom they tell, remembered for a short time. */
export interface AlertBook {
  /** Rules of accounts that hold for this one: its own and the installation's. Those that are off are left out. */
  findAccountRules(accountId: string): Promise<readonly AlertRule[]>;
  /** Until when the rules of an account that were found last are taken for those that hold; 0: there are none. */
  knowsAccountRulesUntilMs(accountId: string): number;
  /** The installation's rules, built-in ones that no record has taken the place of first; those that are off, too. */
  listInstallationRules(): Promise<readonly AlertRule[]>;
  /** The installation's channels, the built-in one first. */
  listInstallationChannels(): Promise<readonly AlertChannel[]>;
  /** Channels that a rule's notices go to; undefined stands for the built-in one. */
  findChannelIds(rule: AlertRule, accountId: string | undefined): Promise<(string | undefined)[]>;
  /** A channel as it is now. */
  findChannel(channelId: string): Promise<AlertChannel | undefined>;
  /** The installation's rules of a kind, and channels, as they were last known: for when the store does not answer. */
  recall(kind: AlertKind): { rules: readonly AlertRule[]; channels: readonly AlertChannel[] };
  /** Something was changed here; other replicas learn of it within {@link KNOWN_FOR_MS}. */
  forget(): void;
}

/** What other replicas changed is known here after so long at the latest. */
export const KNOWN_FOR_MS = 30_000;
/** Accounts whose rules are remembered; of the rest they are read again. */
const ACCOUNTS_AT_MOST = 10_000;
/** The owner of what is no account's. */
const INSTALLATION = '';

export function createAlertBook({ store, builtIn, nowMs, onForget }: AlertBookOptions): AlertBook {
  const rules = createMemory(nowMs, (owner) => store.rules.list(owner === INSTALLATION ? undefined : owner));
  const channels = createMemory(nowMs, (owner) => store.channels.list(owner === INSTALLATION ? undefined : owner));
  const own = builtIn === undefined ? [] : [builtIn];
  let recalled: { rules: readonly AlertRule[]; channels: readonly AlertChannel[] } = {
    rules: BUILT_IN_RULES,
    channels: own,
  };
  const book: AlertBook = {
    async findAccountRules(accountId) {
      const [ofAccount, ofAll] = await Promise.all([rules.read(accountId), book.listInstallationRules()]);
      return [...ofAccount, ...ofAll].filter(({ enabled, condition }) => enabled && isAccountKind(condition.kind));
    },
    knowsAccountRulesUntilMs: (accountId) => Math.min(rules.knowsUntilMs(accountId), rules.knowsUntilMs(INSTALLATION)),
    async listInstallationRules() {
      const stored = await rules.read(INSTALLATION);
      const taken = new Set(stored.map(({ id }) => id));
      const all = [...BUILT_IN_RULES.filter(({ id }) => !taken.has(id)), ...stored];
      recalled = { ...recalled, rules: all };
      return all;
    },
    async listInstallationChannels() {
      const all = [...own, ...(await channels.read(INSTALLATION))];
      recalled = { ...recalled, channels: all };
      return all;
    },
    async findChannelIds(rule, accountId) {
      if (rule.channels !== undefined) return rule.channels.map(withoutBuiltIn);
      const ofAccount = accountId === undefined ? [] : await channels.read(accountId);
      const all = [...(await book.listInstallationChannels()), ...ofAccount];
      // The built-in channel gets every event of auto-reload as it is.
      const isReload = rule.condition.kind === 'reload_failed';
      return all
        .filter(({ id, isDefault, enabled }) => isDefault && enabled && !(isReload && id === BUILT_IN_CHANNEL_ID))
        .map(({ id }) => withoutBuiltIn(id));
    },
    findChannel: async (channelId) =>
      channelId === BUILT_IN_CHANNEL_ID ? builtIn : await store.channels.find(channelId),
    recall: (kind) => ({
      rules: recalled.rules.filter(({ condition }) => condition.kind === kind),
      channels: recalled.channels,
    }),
    forget() {
      rules.clear();
      channels.clear();
      onForget?.();
    },
  };
  return book;
}

function withoutBuiltIn(channelId: string): string | undefined {
  return channelId === BUILT_IN_CHANNEL_ID ? undefined : channelId;
}

/** Answers by owner, each asked for once in {@link KNOWN_FOR_MS}; a question that failed is asked again. */
function createMemory<T>(nowMs: () => number, read: (owner: string) => Promise<T>) {
  const known = new Map<string, { answer: Promise<T>; endsAtMs: number }>();
  return {
    read(owner: string): Promise<T> {
      const present = known.get(owner);
      if (present !== undefined && nowMs() < present.endsAtMs) return present.answer;
      const entry = { answer: read(owner), endsAtMs: nowMs() + KNOWN_FOR_MS };
      known.delete(owner);
      known.set(owner, entry);
      entry.answer.catch(() => known.get(owner) === entry && known.delete(owner));
      const [oldest] = known.keys();
      if (known.size > ACCOUNTS_AT_MOST && oldest !== undefined) known.delete(oldest);
      return entry.answer;
    },
    knowsUntilMs: (owner: string): number => known.get(owner)?.endsAtMs ?? 0,
    clear: () => known.clear(),
  };
}
