import { type Static, Type } from 'typebox';
import { USAGE_BUCKETS, USAGE_GROUPS } from '../../reports/read-usage.ts';
import {
  describeField,
  idField,
  nameField,
  nullableStringAnswer,
  nullableTimeAnswer,
  timeAnswer,
  timeField,
  usdAnswer,
} from './fields.ts';

const GROUP = `(${USAGE_GROUPS.join('|')})`;
const GROUPS_PATTERN = `^${GROUP}(,${GROUP}){0,3}$`;
const MONTH_PATTERN = '^2\\d{3}-(0[1-9]|1[0-2])$';

/** What the patterns of reports mean, for people. */
export const REPORT_SYNTAX_WORDS: ReadonlyMap<string, string> = new Map([
  [GROUPS_PATTERN, `must be up to four of ${USAGE_GROUPS.join(', ')}, with commas between and without spaces`],
  [MONTH_PATTERN, 'must be a month such as "2026-11"'],
]);

export const usageQuery = Type.Object(
  {
    from: Type.Optional(timeField),
    to: Type.Optional(timeField),
    bucket: Type.Optional(Type.Enum([...USAGE_BUCKETS], { default: 'day' })),
    group_by: Type.Optional(
      Type.String({
        pattern: GROUPS_PATTERN,
        maxLength: 40,
        description: `One or more of ${USAGE_GROUPS.join(', ')}, with commas between; session stands alone.`,
        examples: ['model,team'],
      }),
    ),
    model: Type.Optional(describeField(nameField, 'Only what this model answered.')),
    team_id: Type.Optional(idField),
    member_id: Type.Optional(idField),
    key_id: Type.Optional(idField),
    top: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        description: 'Only so many groups, the dearest over the whole time; the rest is counted under `other`.',
      }),
    ),
    format: Type.Optional(Type.Enum(['json', 'csv'], { default: 'json' })),
  },
  { additionalProperties: false },
);
export type UsageQuery = Static<typeof usageQuery>;

const count = Type.Integer({ minimum: 0 });

const usageFigures = {
  requests: count,
  input_tokens: count,
  cache_write_5m_tokens: count,
  cache_write_1h_tokens: count,
  cache_read_tokens: count,
  output_tokens: count,
  web_searches: count,
  cost_usd: { ...usdAnswer, description: 'What calls, and corrections of calls, were charged.' },
  refunded_usd: { ...usdAnswer, description: 'What was given back. Not taken off the cost.' },
  cache_savings_usd: {
    ...usdAnswer,
    description:
      'What the tokens read from caches would have cost more as input; what writing them cost is not taken off.',
  },
};

const usageRowSchema = Type.Object(
  {
    starts_at: timeAnswer,
    ends_at: timeAnswer,
    model: Type.Optional(nullableStringAnswer),
    team_id: Type.Optional(nullableStringAnswer),
    member_id: Type.Optional(nullableStringAnswer),
    key_id: Type.Optional(nullableStringAnswer),
    session_id: Type.Optional(nullableStringAnswer),
    ...usageFigures,
  },
  { additionalProperties: false },
);
export type UsageRowAnswer = Static<typeof usageRowSchema>;

export const usageSchema = Type.Object(
  {
    account_id: Type.String(),
    timezone: Type.String(),
    from: timeAnswer,
    to: timeAnswer,
    bucket: Type.Enum([...USAGE_BUCKETS]),
    through_sequence: Type.Integer({ description: 'The last journal entry that is counted.' }),
    data: Type.Array(usageRowSchema),
    total: Type.Object(usageFigures, { additionalProperties: false }),
  },
  { additionalProperties: false },
);
export type UsageAnswer = Static<typeof usageSchema>;

export const statementParams = Type.Object({
  account_id: Type.String(),
  month: Type.String({ pattern: MONTH_PATTERN, examples: ['2026-11'] }),
});

export const statementQuery = Type.Object(
  { format: Type.Optional(Type.Enum(['json', 'csv'], { default: 'json' })) },
  { additionalProperties: false },
);

export const statementSchema = Type.Object(
  {
    account_id: Type.String(),
    month: Type.String({ pattern: MONTH_PATTERN }),
    timezone: Type.String({ description: 'Where the month begins and ends.' }),
    through_sequence: Type.Integer({ description: 'The last journal entry that is counted.' }),
    is_final: Type.Boolean({ description: 'The month is over: nothing is added to it any more.' }),
    opening_usd: { ...usdAnswer, description: 'Credit left and held, less debt.' },
    carried_usd: { ...usdAnswer, description: 'Of entries that had left the store before they could be counted.' },
    granted_usd: usdAnswer,
    charged_usd: usdAnswer,
    refunded_usd: usdAnswer,
    expired_usd: usdAnswer,
    voided_usd: usdAnswer,
    closing_usd: usdAnswer,
    models: Type.Array(
      Type.Object(
        { model: nullableStringAnswer, requests: count, charged_usd: usdAnswer, refunded_usd: usdAnswer },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
export type StatementAnswer = Static<typeof statementSchema>;

export const runwaySchema = Type.Object(
  {
    account_id: Type.String(),
    available_usd: usdAnswer,
    burn: Type.Object(
      { days: Type.Integer({ description: 'Days looked at.' }), per_day_usd: usdAnswer },
      { additionalProperties: false },
    ),
    ends_at: { ...nullableTimeAnswer, description: 'When the credit ends; null: not within ten years.' },
    seconds_to_empty: Type.Unsafe<number | null>({ type: ['integer', 'null'], minimum: 0 }),
    unused_usd: { ...usdAnswer, description: 'What will expire unused.' },
    unused: Type.Array(
      Type.Object(
        { grant_id: Type.String(), expires_at: timeAnswer, amount_usd: usdAnswer },
        { additionalProperties: false },
      ),
    ),
    month_spent_usd: { ...usdAnswer, description: 'What this month by the account’s calendar was charged so far.' },
    month_forecast_usd: { ...usdAnswer, description: 'The same at the end of the month, if the burn stays.' },
    proposed_low_balance_usd: {
      ...nullableStringAnswer,
      description: 'A level to be told at: what the dearest day cost, in whole dollars. Null without use.',
    },
  },
  { additionalProperties: false },
);
export type RunwayAnswer = Static<typeof runwaySchema>;
