import type { ChannelType } from '../domain/alert-kinds.ts';

/** `failed`: will be tried again by itself. `abandoned`: will not. */
export const DELIVERY_RESULTS = ['delivered', 'failed', 'abandoned'] as const;
export type DeliveryResult = (typeof DELIVERY_RESULTS)[number];

/** One attempt to tell people something. Holds no address and no secret. */
export interface AlertDelivery {
  /** `delivery_...`, by time. */
  id: string;
  noticeId: string;
  /** As the notice says it: `balance.low`. */
  noticeType: string;
  /** Of whom the notice tells; absent: of the installation. */
  accountId?: string;
  channelId: string;
  /** Absent: the channel was gone. */
  channelType?: ChannelType;
  /** From 1; 0 where a person sent it by hand. */
  attempt: number;
  result: DeliveryResult;
  /** HTTP or SMTP. */
  status?: number;
  /** A code or a few words; never what the receiver wrote. */
  problem?: string;
  startedAtMs: number;
  endedAtMs: number;
  payload: string;
}
