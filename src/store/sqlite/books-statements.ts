import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** The statements of {@link createBooksRows}. */
export function prepareBooksStatements(connection: DatabaseSync) {
  const prepare = (text: string): StatementSync => {
    const statement = connection.prepare(text);
    statement.setReadBigInts(true);
    return statement;
  };
  const replace = (table: string, columns: number): StatementSync =>
    prepare(`INSERT OR REPLACE INTO ${table} VALUES (${Array(columns).fill('?').join(', ')})`);
  return {
    readBooks: prepare('SELECT * FROM books WHERE account_id = ?'),
    readLiveGrants: prepare(
      'SELECT * FROM credit_grant WHERE account_id = ? AND (remaining > 0 OR held > 0) ORDER BY ordinal',
    ),
    readGrant: prepare('SELECT * FROM credit_grant WHERE account_id = ? AND grant_id = ?'),
    readHold: prepare('SELECT * FROM hold WHERE account_id = ? AND hold_id = ?'),
    readTombstone: prepare('SELECT * FROM tombstone WHERE account_id = ? AND hold_id = ?'),
    readCell: prepare('SELECT used, held FROM quota_cell WHERE account_id = ? AND quota_id = ? AND window = ?'),
    readRefund: prepare('SELECT * FROM refund WHERE account_id = ? AND refund_id = ?'),
    sumRefunds: prepare('SELECT coalesce(sum(amount), 0) AS refunded FROM refund WHERE account_id = ? AND hold_id = ?'),
    writeRefund: prepare('INSERT INTO refund VALUES (?, ?, ?, ?)'),
    // An update in place: replacing the row would break the references to it.
    writeBooks: prepare(
      `INSERT INTO books VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (account_id) DO UPDATE SET
         status = excluded.status, mode = excluded.mode, credit_limit = excluded.credit_limit, debt = excluded.debt,
         debt_held = excluded.debt_held, charged = excluded.charged, granted = excluded.granted,
         remaining = excluded.remaining, held = excluded.held, spent = excluded.spent, expired = excluded.expired,
         voided = excluded.voided, sequence = excluded.sequence, last_ms = excluded.last_ms,
         grant_count = excluded.grant_count`,
    ),
    writeGrant: replace('credit_grant', 15),
    writeHold: replace('hold', 8),
    deleteHold: prepare('DELETE FROM hold WHERE account_id = ? AND hold_id = ?'),
    writeLease: prepare('UPDATE hold SET deadline_ms = ? WHERE account_id = ? AND hold_id = ?'),
    writeTombstone: replace('tombstone', 6),
    // A few at a time with each write, so that no single call pays for a long clean-up.
    forgetTombstones: prepare(
      `DELETE FROM tombstone WHERE (account_id, hold_id) IN
         (SELECT account_id, hold_id FROM tombstone WHERE forget_at_ms < ? ORDER BY forget_at_ms LIMIT 4)`,
    ),
    writeCell: replace('quota_cell', 5),
    writeEntry: prepare('INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
  };
}
