import type { DatabaseSync } from 'node:sqlite';
import type { IdempotencyClaim, IdempotencyState, StoredResponse } from '../../directory/directory.ts';
import { IDEMPOTENCY_LIFE_MS } from '../../directory/idempotency-life.ts';

export interface IdempotencyTable {
  claim(claim: IdempotencyClaim): IdempotencyState;
  complete(scope: string, key: string, response: StoredResponse): void;
}

/** Idempotency keys and the answers given under them. Those past their life are removed as new ones come. */
export function createIdempotencyTable(connection: DatabaseSync): IdempotencyTable {
  const forget = connection.prepare('DELETE FROM idempotency_key WHERE claimed_at_ms <= ?');
  const find = connection.prepare('SELECT fingerprint, status, body FROM idempotency_key WHERE scope = ? AND name = ?');
  const insert = connection.prepare(
    'INSERT INTO idempotency_key (scope, name, fingerprint, claimed_at_ms) VALUES (?, ?, ?, ?)',
  );
  const complete = connection.prepare('UPDATE idempotency_key SET status = ?, body = ? WHERE scope = ? AND name = ?');
  return {
    claim: ({ scope, key, fingerprint, atMs }) => {
      forget.run(atMs - IDEMPOTENCY_LIFE_MS);
      const row = find.get(scope, key);
      if (row === undefined) {
        insert.run(scope, key, fingerprint, atMs);
        return { result: 'new' };
      }
      if (row.fingerprint !== fingerprint) return { result: 'conflict' };
      if (row.status === null) return { result: 'resume' };
      return { result: 'replay', response: { status: Number(row.status), body: String(row.body) } };
    },
    complete: (scope, key, response) => void complete.run(response.status, response.body, scope, key),
  };
}
