import { type Static, Type } from 'typebox';
import { nullableStringAnswer, nullableTimeAnswer, timeAnswer, usdAnswer } from './fields.ts';

const closed = { additionalProperties: false };

export const healthReportSchema = Type.Object(
  {
    at: timeAnswer,
    version: Type.String(),
    started_at: timeAnswer,
    ready: Type.Boolean(),
    checks: Type.Record(Type.String(), Type.String(), { description: '`ok` or a short reason, by part.' }),
    store: Type.Object({ description: Type.String(), warnings: Type.Array(Type.String()) }, closed),
    upstream: Type.Object(
      {
        address: Type.String(),
        simulated: Type.Boolean({ description: 'The built-in API answers: nothing is billed by anybody.' }),
        last_error: nullableStringAnswer,
        last_error_at: nullableTimeAnswer,
      },
      closed,
    ),
    calls: Type.Object({ open: Type.Integer({ minimum: 0 }) }, closed),
    spool: Type.Object(
      {
        waiting: Type.Integer({ minimum: 0, description: 'Ends of calls that the store has not acknowledged.' }),
        oldest_at: nullableTimeAnswer,
        full: Type.Boolean(),
      },
      closed,
    ),
    rate_card: Type.Object(
      {
        version: Type.String(),
        as_of: Type.String({ description: 'Day of the last look at the sources.' }),
        age_days: Type.Integer({ minimum: 0 }),
        models: Type.Integer({ minimum: 0 }),
      },
      closed,
    ),
    drift: Type.Object(
      {
        checked_accounts: Type.Integer({ minimum: 0, description: 'By this process, since its start.' }),
        checked_at: nullableTimeAnswer,
        differing: Type.Array(
          Type.Object({ account_id: Type.String(), drift_usd: usdAnswer, found_at: timeAnswer }, closed),
        ),
      },
      closed,
    ),
  },
  closed,
);
export type HealthReportAnswer = Static<typeof healthReportSchema>;
