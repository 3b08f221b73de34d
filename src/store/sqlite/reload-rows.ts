import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { createReload, type ReloadMode, type ReloadState } from '../../domain/credit/reload-state.ts';
import { type Row, readBigInt, readNumber, readText } from './ledger-rows.ts';

/** Auto-reload in its table. An account without a row never had it. */
export interface ReloadRows {
  find(accountId: string): ReloadState;
  /** A request that is pending is due at once if it is new, and when it was if it is not. */
  save(accountId: string, reload: ReloadState): void;
  findDueAtMs(accountId: string): number | undefined;
  postpone(accountId: string, dueAtMs: number): void;
  findDue(nowMs: number, limit: number): string[];
}

const COLUMNS = 18;

export function createReloadRows(connection: DatabaseSync): ReloadRows {
  const prepare = (text: string): StatementSync => {
    const statement = connection.prepare(text);
    statement.setReadBigInts(true);
    return statement;
  };
  const sql = {
    read: prepare('SELECT * FROM reload WHERE account_id = ?'),
    write: prepare(`INSERT OR REPLACE INTO reload VALUES (${Array(COLUMNS).fill('?').join(', ')})`),
    postpone: prepare('UPDATE reload SET due_at_ms = ? WHERE account_id = ?'),
    due: prepare('SELECT account_id FROM reload WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ?'),
  };
  const find = (accountId: string): Row | undefined => sql.read.get(accountId) as Row | undefined;
  const findDueAtMs = (row: Row | undefined): number | undefined =>
    row === undefined || row.due_at_ms === null ? undefined : readNumber(row, 'due_at_ms');
  return {
    find(accountId) {
      const row = find(accountId);
      return row === undefined ? createReload() : readReloadRow(row);
    },
    save(accountId, reload) {
      const before = find(accountId);
      const isSame = before !== undefined && readReloadRow(before).pending?.number === reload.pending?.number;
      const dueAtMs = isSame ? findDueAtMs(before) : reload.pending?.requestedAtMs;
      sql.write.run(...reloadValues(accountId, reload, dueAtMs));
    },
    findDueAtMs: (accountId) => findDueAtMs(find(accountId)),
    postpone: (accountId, dueAtMs) => void sql.postpone.run(dueAtMs, accountId),
    findDue: (nowMs, limit) => (sql.due.all(nowMs, limit) as Row[]).map((row) => readText(row, 'account_id')),
  };
}

export function readReloadRow(row: Row): ReloadState {
  const recent = readText(row, 'recent');
  return {
    enabled: readNumber(row, 'enabled') === 1,
    ...(row.disabled_reason === null ? {} : { disabledReason: 'declined' }),
    thresholdNanoUsd: readBigInt(row, 'threshold'),
    mode: readText(row, 'mode') as ReloadMode,
    amountNanoUsd: readBigInt(row, 'amount'),
    monthlyCapNanoUsd: readBigInt(row, 'monthly_cap'),
    hourlyCount: readNumber(row, 'hourly_count'),
    count: readNumber(row, 'count'),
    ...(row.pending_number === null
      ? {}
      : {
          pending: {
            number: readNumber(row, 'pending_number'),
            amountNanoUsd: readBigInt(row, 'pending_amount'),
            requestedAtMs: readNumber(row, 'pending_at_ms'),
          },
        }),
    monthEndsAtMs: readNumber(row, 'month_ends_at_ms'),
    monthNanoUsd: readBigInt(row, 'month_amount'),
    recentMs: recent === '' ? [] : recent.split(',').map(Number),
    declines: readNumber(row, 'declines'),
    nextAtMs: readNumber(row, 'next_at_ms'),
  };
}

function reloadValues(accountId: string, reload: ReloadState, dueAtMs: number | undefined): SQLInputValue[] {
  const { pending } = reload;
  return [
    ...[accountId, reload.enabled ? 1 : 0, reload.disabledReason ?? null, reload.thresholdNanoUsd, reload.mode],
    ...[reload.amountNanoUsd, reload.monthlyCapNanoUsd, reload.hourlyCount, reload.count],
    ...[pending?.number ?? null, pending?.amountNanoUsd ?? null, pending?.requestedAtMs ?? null],
    ...[reload.monthEndsAtMs, reload.monthNanoUsd, reload.recentMs.join(), reload.declines, reload.nextAtMs],
    dueAtMs ?? null,
  ];
}
