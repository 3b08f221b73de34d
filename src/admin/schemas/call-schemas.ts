import { type Static, Type } from 'typebox';
import { nullableStringAnswer, timeAnswer, usdAnswer } from './fields.ts';

const nullableCount = Type.Unsafe<number | null>({ type: ['integer', 'null'], minimum: 0 });

export const openCallSchema = Type.Object(
  {
    hold_id: Type.String({ pattern: '^hold_' }),
    request_id: nullableStringAnswer,
    key_id: nullableStringAnswer,
    team_id: nullableStringAnswer,
    member_id: nullableStringAnswer,
    model: {
      ...nullableStringAnswer,
      description: 'As asked for. Null, as is the rest, of what another process has open.',
    },
    started_at: timeAnswer,
    held_usd: usdAnswer,
    input_tokens: {
      ...nullableCount,
      description: 'Prompt tokens of every class; null until the answer reports them.',
    },
    output_tokens: { ...nullableCount, description: 'Generated so far, by estimate until the answer reports them.' },
  },
  { additionalProperties: false },
);
export type OpenCallAnswer = Static<typeof openCallSchema>;

export const openCallListSchema = Type.Object(
  {
    account_id: Type.String(),
    at: timeAnswer,
    held_usd: usdAnswer,
    open: Type.Integer({ minimum: 0, description: 'All of them; `data` has the newest 200.' }),
    data: Type.Array(Type.Ref('OpenCall#')),
  },
  { additionalProperties: false },
);
export type OpenCallListAnswer = Static<typeof openCallListSchema>;
