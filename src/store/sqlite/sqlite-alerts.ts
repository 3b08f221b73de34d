import {
  ABANDONED_NOTICES_KEPT,
  type AlertChange,
  type AlertStore,
  AlertStoreUnavailable,
  type ClaimedNotice,
} from '../../alerts/alert-store.ts';
import { formatLevelStates, parseLevelStates } from '../../alerts/level-states-text.ts';
import type { Database } from './open-database.ts';
import { isSqliteUnavailable } from './sqlite-fault.ts';

/** The embedded alert store, for one process. The database belongs to the caller; its parts include ALERTS_SCHEMA. */
export function createSqliteAlerts(database: Database): AlertStore {
  const sql = prepareStatements(database);
  const guard = async <T>(work: () => T): Promise<T> => {
    try {
      return work();
    } catch (error) {
      if (!isSqliteUnavailable(error)) throw error;
      throw new AlertStoreUnavailable('the embedded store cannot keep alerts', { cause: error });
    }
  };
  const write = <T>(work: () => T): Promise<T> => guard(() => database.transaction(work));
  return {
    readAlerts: (accountId) =>
      guard(() => {
        const revision = readStates(sql, accountId);
        return { revision, states: parseLevelStates(revision) };
      }),
    changeAlerts: (change) => write(() => changeAlerts(sql, change)),
    addNotice: ({ id, payload }, nowMs) => write(() => void sql.addNoticeOnce.run(id, payload, nowMs)),
    listFired: (limit) =>
      guard(() =>
        sql.listFired.all(limit).map((row) => ({
          accountId: String(row.account_id),
          levelNanoUsd: BigInt(Number(row.level)),
        })),
      ),
    claimDue: (claim) => guard(() => claimDue(database, sql, claim)),
    completeNotice: (noticeId) => write(() => void sql.removeNotice.run(noticeId)),
    postponeNotice: ({ id, attempt, dueAtMs }) => write(() => void sql.setDue.run(dueAtMs, id, attempt)),
    abandonNotice: ({ id, attempt }) =>
      write(() => {
        sql.abandon.run(id, attempt);
        sql.forgetAbandoned.run(ABANDONED_NOTICES_KEPT);
      }),
    listAbandoned: (limit) =>
      guard(() => sql.listAbandoned.all(limit).map((row) => ({ id: String(row.id), payload: String(row.payload) }))),
  };
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements({ connection }: Database) {
  const prepare = (text: string) => connection.prepare(text);
  return {
    readStates: prepare('SELECT states FROM alert_state WHERE account_id = ?'),
    writeStates: prepare('INSERT OR REPLACE INTO alert_state (account_id, states) VALUES (?, ?)'),
    removeStates: prepare('DELETE FROM alert_state WHERE account_id = ?'),
    removeFired: prepare('DELETE FROM alert_fired WHERE account_id = ?'),
    addFired: prepare('INSERT INTO alert_fired (account_id, level, fired_at_ms) VALUES (?, ?, ?)'),
    listFired: prepare(
      'SELECT account_id, level FROM alert_fired ORDER BY fired_at_ms DESC, account_id, level LIMIT ?',
    ),
    addNotice: prepare('INSERT INTO alert_notice (id, payload, attempts, due_at_ms) VALUES (?, ?, 0, ?)'),
    addNoticeOnce: prepare('INSERT OR IGNORE INTO alert_notice (id, payload, attempts, due_at_ms) VALUES (?, ?, 0, ?)'),
    findDue: prepare(
      'SELECT id, payload, attempts FROM alert_notice WHERE due_at_ms <= ? ORDER BY due_at_ms, id LIMIT ?',
    ),
    claim: prepare('UPDATE alert_notice SET attempts = attempts + 1, due_at_ms = ? WHERE id = ?'),
    removeNotice: prepare('DELETE FROM alert_notice WHERE id = ?'),
    setDue: prepare('UPDATE alert_notice SET due_at_ms = ? WHERE id = ? AND attempts = ? AND due_at_ms IS NOT NULL'),
    abandon: prepare(
      `UPDATE alert_notice SET due_at_ms = NULL,
         abandoned_order = (SELECT coalesce(max(abandoned_order), 0) + 1 FROM alert_notice)
       WHERE id = ? AND attempts = ? AND due_at_ms IS NOT NULL`,
    ),
    forgetAbandoned: prepare(
      `DELETE FROM alert_notice WHERE abandoned_order <=
         (SELECT max(abandoned_order) FROM alert_notice) - ?`,
    ),
    listAbandoned: prepare(
      'SELECT id, payload FROM alert_notice WHERE abandoned_order IS NOT NULL ORDER BY abandoned_order DESC LIMIT ?',
    ),
  };
}

function readStates(sql: Statements, accountId: string): string {
  return String(sql.readStates.get(accountId)?.states ?? '');
}

function changeAlerts(sql: Statements, change: AlertChange): 'changed' | 'stale' {
  if (readStates(sql, change.accountId) !== change.revision) return 'stale';
  if (change.states.length === 0) sql.removeStates.run(change.accountId);
  else sql.writeStates.run(change.accountId, formatLevelStates(change.states));
  sql.removeFired.run(change.accountId);
  for (const { state, levelNanoUsd, firedAtMs } of change.states) {
    if (state === 'fired') sql.addFired.run(change.accountId, levelNanoUsd, firedAtMs);
  }
  if (change.notice !== undefined) sql.addNotice.run(change.notice.id, change.notice.payload, change.nowMs);
  return 'changed';
}

/** Reads before it writes, so that an idle outbox costs no commit. */
function claimDue(
  database: Database,
  sql: Statements,
  { nowMs, leaseMs, limit }: { nowMs: number; leaseMs: number; limit: number },
): ClaimedNotice[] {
  if (sql.findDue.all(nowMs, 1).length === 0) return [];
  return database.transaction(() =>
    sql.findDue.all(nowMs, limit).map((row) => {
      sql.claim.run(nowMs + leaseMs, String(row.id));
      return { id: String(row.id), payload: String(row.payload), attempt: Number(row.attempts) + 1 };
    }),
  );
}
