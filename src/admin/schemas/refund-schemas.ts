import { type Static, Type } from 'typebox';
import { idField, noteField, nullableStringAnswer, positiveUsdField, usdAnswer } from './fields.ts';

/** One of the two names the call. */
export const callFields = {
  hold_id: Type.Optional({ ...idField, description: 'The call by its hold, as the journal names it.' }),
  request_id: Type.Optional({
    ...idField,
    description:
      'The call by the `request-id` its caller was answered; a Message Batch by its own id (`msgbatch_...`).',
  }),
};

/** For a body with {@link callFields}. */
export function namesOneCall(body: { hold_id?: string; request_id?: string }): boolean {
  return (body.hold_id === undefined) !== (body.request_id === undefined);
}
export const NAMES_ONE_CALL = 'hold_id: or request_id is required, and not both';

const refundFields = Type.Object(
  {
    ...callFields,
    amount_usd: Type.Optional(positiveUsdField),
    note: Type.Optional(noteField),
  },
  { additionalProperties: false },
);

export const createRefundBody = Type.Refine(refundFields, namesOneCall, () => NAMES_ONE_CALL);
export type CreateRefundBody = Static<typeof refundFields>;

export const refundSchema = Type.Object(
  {
    id: Type.String({ pattern: '^refund_' }),
    account_id: Type.String({ pattern: '^acct_' }),
    hold_id: Type.String({ pattern: '^hold_' }),
    amount_usd: usdAnswer,
    charged_usd: { ...usdAnswer, description: 'What the call was charged, as corrected.' },
    refunded_usd: { ...usdAnswer, description: 'What was given back of it over all refunds; a correction is none.' },
    note: nullableStringAnswer,
  },
  { additionalProperties: false },
);
export type RefundAnswer = Static<typeof refundSchema>;
