export type ChannelTarget =
  /** `secret`: of Standard Webhooks, `whsec_...`. */
  | { type: 'webhook'; url: string; secret: string }
  | { type: 'slack' | 'teams'; url: string }
  | { type: 'email'; to: readonly string[] };

/** Where people are told. */
export interface AlertChannel {
  /** `channel_...` */
  id: string;
  /** Absent: the installation's. */
  accountId?: string;
  name: string;
  target: ChannelTarget;
  /** Takes what rules tell that name no channel: of the account alone, or of everything where it is the installation's. */
  isDefault: boolean;
  /** Made by an account's own caller, who may not reach into the operator's network. */
  publicOnly: boolean;
  enabled: boolean;
  createdAtMs: number;
}

export const CHANNELS_AT_MOST = 50;

/** The channel that ALERT_WEBHOOK_URL makes. */
export const BUILT_IN_CHANNEL_ID = 'channel_built_in';

export function createBuiltInChannel(webhook: { url: string; secret: string }): AlertChannel {
  return {
    id: BUILT_IN_CHANNEL_ID,
    name: 'ALERT_WEBHOOK_URL',
    target: { type: 'webhook', ...webhook },
    isDefault: true,
    publicOnly: false,
    enabled: true,
    createdAtMs: 0,
  };
}
