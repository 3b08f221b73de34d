/** What can be told of an account. */
export const ACCOUNT_ALERTS = ['balance_low', 'quota_used', 'burn_rate', 'credit_expiry', 'reload_failed'] as const;
/** What can be told of the installation. */
export const INSTALLATION_ALERTS = [
  'unpriced_model',
  'usage_missing',
  'ledger_drift',
  'store_down',
  'upstream_credit',
] as const;
export const ALERT_KINDS = [...ACCOUNT_ALERTS, ...INSTALLATION_ALERTS] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** Where people can be told. */
export const CHANNEL_TYPES = ['webhook', 'slack', 'teams', 'email'] as const;
export type ChannelType = (typeof CHANNEL_TYPES)[number];
