import { type Static, Type } from 'typebox';
import { ENTRY_MARKS } from '../find-marked-entries.ts';
import { timeAnswer, usdAnswer } from './fields.ts';

const MAX_ENTRIES = 1_000;
export const DEFAULT_ENTRIES = 100;

export const journalQuery = Type.Object(
  {
    after: Type.Optional(Type.Integer({ minimum: 0, default: 0, description: 'Sequence of the last entry seen.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_ENTRIES, default: DEFAULT_ENTRIES })),
    only: Type.Optional(
      Type.Enum([...ENTRY_MARKS], {
        description:
          'Only charges by estimate, for figures that cannot be, with usage of an unknown kind, or of calls of which it is not known whether they are billed. A page may be short, or empty, with more to come.',
      }),
    ),
    order: Type.Optional(
      Type.Enum(['oldest', 'newest'], {
        default: 'oldest',
        description: '`newest`: from the end; `after` is then the lowest sequence seen. Not with `only`.',
      }),
    ),
    request_id: Type.Optional(
      Type.String({
        pattern: '^[\\x21-\\x7e]{1,128}$',
        description:
          'Only the entries of this call, refunds and corrections included: our id, the one that its caller was answered, or its hold. Stands alone.',
      }),
    ),
    format: Type.Optional(Type.Enum(['json', 'csv'], { default: 'json' })),
  },
  { additionalProperties: false },
);

export type JournalQuery = Static<typeof journalQuery>;

const postingSchema = Type.Object(
  {
    kind: Type.String({ examples: ['settle'] }),
    grant_id: Type.Optional(Type.String()),
    amount_usd: usdAnswer,
  },
  { additionalProperties: false },
);

const cellSchema = Type.Object(
  {
    quota_id: Type.String(),
    window: Type.String(),
    held: Type.String({ pattern: '^-?\\d+$' }),
    used: Type.String({ pattern: '^-?\\d+$' }),
  },
  { additionalProperties: false },
);

export const journalEntrySchema = Type.Object(
  {
    sequence: Type.Integer({ minimum: 1 }),
    at: timeAnswer,
    operation: Type.String({ examples: ['settle'] }),
    subject_id: Type.String(),
    amount_usd: usdAnswer,
    postings: Type.Array(postingSchema),
    cells: Type.Array(cellSchema),
    terms: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Of a grant or a policy.' })),
    details: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Of the call or the note.' })),
  },
  { additionalProperties: false },
);
export type JournalEntryAnswer = Static<typeof journalEntrySchema>;
