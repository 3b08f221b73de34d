/** The answers of the admin API, as far as the console reads them. Amounts are decimal dollar strings. */

export type Scope = { type: 'installation' | 'account' | 'team' | 'key'; account_id?: string; team_id?: string };

export interface Session {
  type: 'root' | 'token' | 'key' | null;
  version: string;
  name: string;
  role?: string;
  scope: Scope;
  permissions: string[];
  public_url: string;
  expires_at: string;
  idle_seconds: number;
}

export interface Balance {
  granted_usd: string;
  available_usd: string;
  pending_usd: string;
  held_usd: string;
  spent_usd: string;
  expired_usd: string;
  voided_usd: string;
  debt_usd: string;
  charged_usd: string;
}

export interface Account {
  id: string;
  name: string;
  status: string;
  timezone: string;
  mode: string;
  credit_limit_usd: string;
  /** These are left out for those who may not see money. */
  low_balance_usd?: string[];
  /** Null: the ledger has lost the books. */
  balance?: Balance | null;
}

export interface Page<Item> {
  data: Item[];
  has_more: boolean;
  next_after?: string | number;
}

export interface Grant {
  id: string;
  kind: 'paid' | 'promotional';
  status: 'active' | 'pending' | 'spent' | 'expired' | 'voided';
  priority: number;
  effective_at: string;
  expires_at: string;
  models: string[] | null;
  amount_usd: string;
  remaining_usd: string;
  held_usd: string;
  spent_usd: string;
}

export interface Runway {
  available_usd: string;
  burn: { days: number; per_day_usd: string };
  month_spent_usd: string;
  month_forecast_usd: string;
  ends_at: string | null;
  seconds_to_empty: number | null;
  unused_usd: string;
  unused: { grant_id: string; expires_at: string; amount_usd: string }[];
  proposed_low_balance_usd: string | null;
}

export interface Team {
  id: string;
  name: string;
}

export interface Member {
  id: string;
  team_id: string | null;
  name: string;
  email: string | null;
}

export interface Key {
  id: string;
  team_id: string | null;
  member_id: string | null;
  name: string;
  status: 'active' | 'expired' | 'revoked';
  hint: string;
  expires_at: string | null;
  allowed_models: string[] | null;
  previous_secret_expires_at: string | null;
  created_at: string;
}

/** The answer that made a secret; null when it is given again. */
export type KeyWithSecret = Key & { secret: string | null };

export type ScopeType = 'account' | 'team' | 'member' | 'key';

export interface Quota {
  id: string;
  scope: { type: ScopeType; id: string };
  window: 'minute' | 'hour' | 'day' | 'week' | 'month' | 'total';
  mode: 'hard' | 'soft' | 'shadow';
  models: string[] | null;
  resets_at: string | null;
  /** `limit_usd`, `used_tokens`, ...: named after what is measured. */
  [amount: string]: unknown;
}

export interface UsageFigures {
  requests: number;
  input_tokens: number;
  cache_write_5m_tokens: number;
  cache_write_1h_tokens: number;
  cache_read_tokens: number;
  output_tokens: number;
  web_searches: number;
  cost_usd: string;
  refunded_usd: string;
  cache_savings_usd: string;
}

export interface UsageRow extends UsageFigures {
  starts_at: string;
  ends_at: string;
  model?: string | null;
  team_id?: string | null;
  member_id?: string | null;
  key_id?: string | null;
}

export interface Usage {
  timezone: string;
  from: string;
  to: string;
  bucket: 'hour' | 'day' | 'month';
  data: UsageRow[];
  total: UsageFigures;
}

export interface JournalEntry {
  sequence: number;
  at: string;
  operation: string;
  subject_id: string;
  amount_usd: string;
  postings: { kind: string; grant_id?: string; amount_usd: string }[];
  cells: { quota_id: string; window: string; held: string; used: string }[];
  terms?: Record<string, unknown>;
  details?: Record<string, unknown>;
}

export interface OpenCall {
  hold_id: string;
  request_id: string | null;
  key_id: string | null;
  team_id: string | null;
  member_id: string | null;
  model: string | null;
  started_at: string;
  held_usd: string;
  input_tokens: number | null;
  output_tokens: number | null;
}

/** What the event stream tells. */
export interface Live {
  account_id: string;
  held_usd: string;
  open: number;
  data: OpenCall[];
  sequence: number | null;
  balance: Balance | null;
}

export interface HealthReport {
  at: string;
  version: string;
  started_at: string;
  ready: boolean;
  checks: Record<string, string>;
  store: { description: string; warnings: string[] };
  upstream: { address: string; simulated: boolean; last_error: string | null; last_error_at: string | null };
  calls: { open: number };
  spool: { waiting: number; oldest_at: string | null; full: boolean };
  rate_card: { version: string; as_of: string; age_days: number; models: number };
  drift: {
    checked_accounts: number;
    checked_at: string | null;
    differing: { account_id: string; drift_usd: string; found_at: string }[];
  };
}

export interface Me {
  account: { id: string; name: string; timezone: string; status: string; mode: string };
  team: { id: string; name: string } | null;
  member: { id: string; name: string } | null;
  key: Key;
  balance: Balance;
  spend: { today_usd: string; month_usd: string };
  quotas: Quota[];
}

export interface AutoReload {
  enabled: boolean;
  disabled_reason: string | null;
  threshold_usd: string | null;
  mode: 'fixed' | 'target' | null;
  amount_usd: string | null;
  target_usd: string | null;
  monthly_cap_usd: string | null;
  hourly_limit: number | null;
  month_requested_usd: string;
  pending: { reload_id: string; amount_usd: string; requested_at: string } | null;
  declines: number;
  next_at: string | null;
  proposal: { threshold_usd: string; based_on_days: number; daily_burn_usd: string } | null;
}
