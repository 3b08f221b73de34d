import { type AlertRecord, writeAlertRecord } from '../../alerts/alert-record-json.ts';
import type { AlertRecords } from '../../alerts/alert-store.ts';
import type { Database } from './open-database.ts';
import type { SqliteAlertAccess } from './sqlite-alert-access.ts';

/** Rules or channels, as JSON. */
export function createSqliteAlertRecords<T extends AlertRecord>(
  { connection }: Database,
  { read, write }: SqliteAlertAccess,
  kind: 'rule' | 'channel',
  parse: (text: string) => T,
): AlertRecords<T> {
  const prepare = (text: string) => connection.prepare(text);
  const findText = prepare('SELECT record FROM alert_record WHERE kind = ? AND id = ?');
  const list = prepare('SELECT record FROM alert_record WHERE kind = ? AND owner = ? ORDER BY made_order');
  const count = prepare('SELECT count(*) AS count FROM alert_record WHERE kind = ? AND owner = ?');
  const add = prepare(
    `INSERT INTO alert_record (kind, id, owner, record, made_order)
     VALUES (?, ?, ?, ?, (SELECT coalesce(max(made_order), 0) + 1 FROM alert_record WHERE kind = ? AND owner = ?))`,
  );
  const replace = prepare('UPDATE alert_record SET record = ? WHERE kind = ? AND id = ?');
  const remove = prepare('DELETE FROM alert_record WHERE kind = ? AND id = ?');
  const find = (id: string): T | undefined => {
    const row = findText.get(kind, id);
    return row === undefined ? undefined : parse(String(row.record));
  };
  return {
    create: (record, atMost) =>
      write(() => {
        const owner = record.accountId ?? '';
        if (find(record.id) !== undefined) return 'exists';
        if (Number(count.get(kind, owner)?.count) >= atMost) return 'too_many';
        add.run(kind, record.id, owner, writeAlertRecord(record), kind, owner);
        return 'created';
      }),
    find: (id) => read(() => find(id)),
    list: (accountId) => read(() => list.all(kind, accountId ?? '').map((row) => parse(String(row.record)))),
    update: (id, change) =>
      write(() => {
        const present = find(id);
        if (present === undefined) return undefined;
        const changed = change(present);
        replace.run(writeAlertRecord(changed), kind, id);
        return changed;
      }),
    delete: (id) => write(() => (remove.run(kind, id).changes === 0 ? 'not_found' : 'deleted')),
  };
}
