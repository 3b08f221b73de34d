import { writeRecord } from '../directory/record-json.ts';
import type { AlertChannel } from './alert-channel.ts';
import type { AlertCondition, AlertRule } from './alert-rule.ts';

export type AlertRecord = AlertRule | AlertChannel;

/** A rule or channel as text; equal records give equal text. */
export function writeAlertRecord(record: AlertRecord): string {
  return writeRecord(record);
}

/** Reads what {@link writeAlertRecord} wrote of a rule. */
export function readAlertRule(text: string): AlertRule {
  const { condition, ...rest } = JSON.parse(text) as Omit<AlertRule, 'condition'> & { condition: StoredCondition };
  const { amountsNanoUsd, minimumNanoUsd } = condition;
  return {
    ...rest,
    condition: {
      ...condition,
      ...(amountsNanoUsd === undefined ? {} : { amountsNanoUsd: amountsNanoUsd.map(BigInt) }),
      ...(minimumNanoUsd === undefined ? {} : { minimumNanoUsd: BigInt(minimumNanoUsd) }),
    } as AlertCondition,
  };
}

export function readAlertChannel(text: string): AlertChannel {
  return JSON.parse(text) as AlertChannel;
}

/** Amounts: decimal strings in JSON, bigint in the program. */
interface StoredCondition {
  kind: string;
  amountsNanoUsd?: string[];
  minimumNanoUsd?: string;
}
