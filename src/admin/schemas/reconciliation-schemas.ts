import { type Static, Type } from 'typebox';
import { nullableStringAnswer, usdAnswer } from './fields.ts';

const differenceSchema = Type.Object(
  {
    what: Type.String({ examples: ['account: spentNanoUsd'] }),
    journal: nullableStringAnswer,
    store: nullableStringAnswer,
  },
  { additionalProperties: false },
);

export const reconciliationSchema = Type.Object(
  {
    account_id: Type.String({ pattern: '^acct_' }),
    ok: Type.Boolean(),
    sequence: Type.Integer({ description: 'The last journal entry that was looked at.' }),
    from_sequence: Type.Integer({ description: 'The snapshot it began with; 0: the first entry.' }),
    entries: Type.Integer({ description: 'Entries read.' }),
    drift_usd: { ...usdAnswer, description: 'By how much the amounts of the account differ, all added up.' },
    differences: Type.Array(differenceSchema, {
      description: 'In nano-dollars, as the journal and the store have them.',
    }),
    truncated: Type.Boolean({ description: 'There are more differences than these.' }),
  },
  { additionalProperties: false },
);
export type ReconciliationAnswer = Static<typeof reconciliationSchema>;
