/** The answers about alerts, as far as the console reads them. */

export interface Alert {
  id: string;
  account_id: string | null;
  kind: string;
  name: string | null;
  built_in: boolean;
  amount_usd?: string;
  amounts_usd?: string[];
  share_of_last_purchase?: number;
  hours_left?: number;
  shares?: number[];
  quota_id?: string;
  factor?: number;
  minimum_usd?: string;
  days?: number;
  channels: string[] | null;
  enabled: boolean;
  firing: boolean;
  fired_at: string | null;
}

export interface AlertChannel {
  id: string;
  account_id: string | null;
  name: string;
  type: string;
  target: string;
  default: boolean;
  enabled: boolean;
  built_in: boolean;
}

export interface AlertDelivery {
  id: string;
  type: string;
  account_id: string | null;
  channel_id: string;
  channel_type: string | null;
  attempt: number;
  result: string;
  status: number | null;
  problem: string | null;
  started_at: string;
  notice: Record<string, unknown>;
}
