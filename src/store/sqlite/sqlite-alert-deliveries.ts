import type { AlertDelivery } from '../../alerts/alert-delivery.ts';
import { type AlertStore, DELIVERIES_KEPT, DELIVERIES_KEPT_MS } from '../../alerts/alert-store.ts';
import { idsBefore } from '../../directory/create-id.ts';
import type { Database } from './open-database.ts';
import type { SqliteAlertAccess } from './sqlite-alert-access.ts';

type Deliveries = Pick<AlertStore, 'addDelivery' | 'findDelivery' | 'listDeliveries'>;

/** The log of deliveries. Ids follow time, so that they are its order. */
export function createSqliteAlertDeliveries({ connection }: Database, { read, write }: SqliteAlertAccess): Deliveries {
  const prepare = (text: string) => connection.prepare(text);
  const add = prepare('INSERT OR REPLACE INTO alert_delivery (id, account_id, delivery) VALUES (?, ?, ?)');
  const forgetOld = prepare('DELETE FROM alert_delivery WHERE id < ?');
  const forgetMany = prepare(
    'DELETE FROM alert_delivery WHERE id <= (SELECT id FROM alert_delivery ORDER BY id DESC LIMIT 1 OFFSET ?)',
  );
  const find = prepare('SELECT delivery FROM alert_delivery WHERE id = ?');
  const list = prepare('SELECT delivery FROM alert_delivery WHERE id < ? ORDER BY id DESC LIMIT ?');
  const listOfAccount = prepare(
    'SELECT delivery FROM alert_delivery WHERE account_id = ? AND id < ? ORDER BY id DESC LIMIT ?',
  );
  const parse = (row: { delivery?: unknown }): AlertDelivery => JSON.parse(String(row.delivery)) as AlertDelivery;
  return {
    addDelivery: (delivery) =>
      write(() => {
        add.run(delivery.id, delivery.accountId ?? '', JSON.stringify(delivery));
        forgetOld.run(idsBefore('delivery', delivery.startedAtMs - DELIVERIES_KEPT_MS));
        forgetMany.run(DELIVERIES_KEPT);
      }),
    findDelivery: (id) =>
      read(() => {
        const row = find.get(id);
        return row === undefined ? undefined : parse(row);
      }),
    listDeliveries: ({ accountId, after = AFTER_ALL, limit }) =>
      read(() =>
        (accountId === undefined ? list.all(after, limit) : listOfAccount.all(accountId, after, limit)).map(parse),
      ),
  };
}

/** Above every id. */
const AFTER_ALL = 'delivery_~';
