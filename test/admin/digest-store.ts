import { createHash } from 'node:crypto';
import type { AdminUnderTest } from './admin-under-test.ts';

/** Everything in the store but the audit, which keeps refused acts too. */
export function digestStore({ database: { connection } }: AdminUnderTest): string {
  const hash = createHash('sha256');
  const tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  for (const { name } of tables) {
    if (/^(audit|sqlite_)/.test(`${name}`)) continue;
    const rows = connection.prepare(`SELECT * FROM "${name}"`).all();
    hash.update(JSON.stringify([name, rows], (_key, value) => (typeof value === 'bigint' ? `${value}` : value)));
  }
  return hash.digest('hex');
}
