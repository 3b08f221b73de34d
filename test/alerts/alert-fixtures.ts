import type { AlertStore } from '../../src/alerts/alert-store.ts';
import type { AccountBalance } from '../../src/domain/credit/credit-types.ts';
import { ALERTS_SCHEMA } from '../../src/store/sqlite/alerts-schema.ts';
import { type Database, openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteAlerts } from '../../src/store/sqlite/sqlite-alerts.ts';

export const START_MS = Date.parse('2026-11-21T12:00:00Z');

/** A balance in dollars; the sequence orders the ledger's replies. */
export function balanceOf(
  dollars: { available: number; held?: number; debt?: number },
  sequence: number,
): AccountBalance {
  const nano = (amount = 0): bigint => BigInt(Math.round(amount * 1e9));
  return {
    status: 'open',
    mode: 'prepaid',
    creditLimitNanoUsd: 0n,
    grantedNanoUsd: nano(dollars.available),
    availableNanoUsd: nano(dollars.available),
    pendingNanoUsd: 0n,
    heldNanoUsd: nano(dollars.held),
    spentNanoUsd: 0n,
    expiredNanoUsd: 0n,
    voidedNanoUsd: 0n,
    debtNanoUsd: nano(dollars.debt),
    debtHeldNanoUsd: 0n,
    chargedNanoUsd: 0n,
    sequence,
  };
}

export interface LogEntry {
  level: 'info' | 'warn' | 'error';
  fields: { [name: string]: unknown };
  message: string;
}

/** Keeps what is logged and counted. */
export function createRecorder() {
  const log: LogEntry[] = [];
  const sent: string[] = [];
  const faults: string[] = [];
  const write =
    (level: LogEntry['level']) =>
    (fields: object, message: string): void =>
      void log.push({ level, fields: { ...fields }, message });
  return {
    log,
    sent,
    faults,
    // biome-ignore lint/suspicious/noExplicitAny: pino's overloads, of which the code uses this one
    logger: { info: write('info'), warn: write('warn'), error: write('error') } as any,
    metrics: {
      alertSent: (channel: string, result: string) => void sent.push(`${channel} ${result}`),
      storeFailed: (operation: string) => void faults.push(operation),
    },
  };
}

export function openMemoryAlerts(): { store: AlertStore; database: Database } {
  const database = openDatabase({ path: ':memory:', parts: [ALERTS_SCHEMA] });
  return { store: createSqliteAlerts(database), database };
}
