import { readAlertChannel, readAlertRule } from '../../alerts/alert-record-json.ts';
import { readAlertKey } from '../../alerts/alert-rule.ts';
import { formatAlertStates, parseAlertStates } from '../../alerts/alert-states-text.ts';
import {
  type AlertChange,
  type AlertStore,
  type ClaimedNotice,
  entryIdOf,
  readEntryId,
} from '../../alerts/alert-store.ts';
import type { Database } from './open-database.ts';
import { createSqliteAlertAccess } from './sqlite-alert-access.ts';
import { createSqliteAlertDeliveries } from './sqlite-alert-deliveries.ts';
import { createSqliteAlertRecords } from './sqlite-alert-records.ts';

/** The embedded alert store, for one process. The database belongs to the caller; its parts include ALERTS_SCHEMA. */
export function createSqliteAlerts(database: Database): AlertStore {
  const sql = prepareStatements(database);
  const access = createSqliteAlertAccess(database);
  const { read, write } = access;
  return {
    rules: createSqliteAlertRecords(database, access, 'rule', readAlertRule),
    channels: createSqliteAlertRecords(database, access, 'channel', readAlertChannel),
    ...createSqliteAlertDeliveries(database, access),
    readAlerts: (key) =>
      read(() => {
        const revision = readStates(sql, key);
        return { revision, states: parseAlertStates(revision) };
      }),
    changeAlerts: (change) => write(() => changeAlerts(sql, change)),
    forgetStates: (ruleId) =>
      write(() => {
        sql.forgetStates.run(`${ruleId} `, `${ruleId}!`);
        sql.forgetFiring.run(`${ruleId} `, `${ruleId}!`);
      }),
    // There is one process, whose timer says when.
    claimLook: createLookClaim(),
    addNotice: ({ id, payload }, nowMs) => write(() => void sql.addNotice.run(id, payload, nowMs)),
    listFired: (limit) =>
      read(() =>
        sql.listFiring.all(limit).map((row) => ({ ...readAlertKey(String(row.key)), level: String(row.level) })),
      ),
    claimDue: (claim) => read(() => claimDue(database, sql, claim)),
    completeNotice: (entryId) => write(() => void sql.removeNotice.run(entryId)),
    postponeNotice: ({ entryId, attempt, dueAtMs }) => write(() => void sql.setDue.run(dueAtMs, entryId, attempt)),
  };
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements({ connection }: Database) {
  const prepare = (text: string) => connection.prepare(text);
  return {
    readStates: prepare('SELECT states FROM alert_state WHERE key = ?'),
    writeStates: prepare('INSERT OR REPLACE INTO alert_state (key, states) VALUES (?, ?)'),
    removeStates: prepare('DELETE FROM alert_state WHERE key = ?'),
    // From the rule's id and a blank to the sign after the blank: every account of the rule.
    forgetStates: prepare('DELETE FROM alert_state WHERE key >= ? AND key < ?'),
    forgetFiring: prepare('DELETE FROM alert_firing WHERE key >= ? AND key < ?'),
    removeFiring: prepare('DELETE FROM alert_firing WHERE key = ?'),
    addFiring: prepare('INSERT INTO alert_firing (key, level, fired_at_ms) VALUES (?, ?, ?)'),
    listFiring: prepare('SELECT key, level FROM alert_firing ORDER BY fired_at_ms DESC, key, level LIMIT ?'),
    addNotice: prepare('INSERT OR IGNORE INTO alert_notice (id, payload, attempts, due_at_ms) VALUES (?, ?, 0, ?)'),
    findDue: prepare(
      'SELECT id, payload, attempts FROM alert_notice WHERE due_at_ms <= ? ORDER BY due_at_ms, id LIMIT ?',
    ),
    claim: prepare('UPDATE alert_notice SET attempts = attempts + 1, due_at_ms = ? WHERE id = ?'),
    removeNotice: prepare('DELETE FROM alert_notice WHERE id = ?'),
    setDue: prepare('UPDATE alert_notice SET due_at_ms = ? WHERE id = ? AND attempts = ?'),
  };
}

function createLookClaim(): AlertStore['claimLook'] {
  let freeAtMs = 0;
  return async ({ nowMs, everyMs }) => {
    if (nowMs < freeAtMs) return false;
    freeAtMs = nowMs + everyMs;
    return true;
  };
}

function readStates(sql: Statements, key: string): string {
  return String(sql.readStates.get(key)?.states ?? '');
}

function changeAlerts(sql: Statements, change: AlertChange): 'changed' | 'stale' {
  const { key, states, notices = [] } = change;
  if (readStates(sql, key) !== change.revision) return 'stale';
  if (states.length === 0) sql.removeStates.run(key);
  else sql.writeStates.run(key, formatAlertStates(states));
  sql.removeFiring.run(key);
  for (const { state, level, firedAtMs } of states) {
    if (state === 'fired') sql.addFiring.run(key, level, firedAtMs);
  }
  for (const notice of notices) sql.addNotice.run(entryIdOf(notice), notice.payload, change.nowMs);
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
      const entryId = String(row.id);
      sql.claim.run(nowMs + leaseMs, entryId);
      return { ...readEntryId(entryId), entryId, payload: String(row.payload), attempt: Number(row.attempts) + 1 };
    }),
  );
}
