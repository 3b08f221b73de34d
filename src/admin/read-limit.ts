import { parseUsd } from '../domain/money.ts';
import { QUOTA_MEASURES, type Quota } from '../domain/quota.ts';
import type { LimitFields } from './schemas/quota-schemas.ts';

/** What a body's `limit_*` says; undefined where it has none. The schema has judged the text already. */
export function readLimit(body: LimitFields): Pick<Quota, 'measure' | 'limit'> | undefined {
  const measure = QUOTA_MEASURES.find((one) => body[`limit_${one}`] !== undefined);
  if (measure === undefined) return undefined;
  const written = body[`limit_${measure}`];
  const limit = typeof written === 'string' ? parseUsd(written) : BigInt(written ?? 0);
  if (limit === undefined) throw new RangeError('a limit passed the schema and cannot be read');
  return { measure, limit };
}
