import { type Static, Type } from 'typebox';
import { describeField, noteField, nullableStringAnswer, usdAnswer, usdField } from './fields.ts';
import { callFields, NAMES_ONE_CALL, namesOneCall } from './refund-schemas.ts';

const correctionFields = Type.Object(
  {
    ...callFields,
    charge_usd: describeField(usdField, 'What the call is charged in all.'),
    confirm_charge_usd: Type.Optional(
      describeField(
        usdField,
        'The same again, where `charge_usd` is above 100.00 and more than ten times what the call was charged at its end.',
      ),
    ),
    note: Type.Optional(noteField),
  },
  { additionalProperties: false },
);

export const createCorrectionBody = Type.Refine(correctionFields, namesOneCall, () => NAMES_ONE_CALL);
export type CreateCorrectionBody = Static<typeof correctionFields>;

export const correctionSchema = Type.Object(
  {
    id: Type.String({ pattern: '^correction_' }),
    account_id: Type.String({ pattern: '^acct_' }),
    hold_id: Type.String({ pattern: '^hold_' }),
    before_usd: { ...usdAnswer, description: 'What the call was charged in all, until then.' },
    charge_usd: usdAnswer,
    operation: Type.Enum(['charge', 'refund'], { description: 'Of the journal entry with the difference.' }),
    amount_usd: { ...usdAnswer, description: 'The difference.' },
    note: nullableStringAnswer,
  },
  { additionalProperties: false },
);
export type CorrectionAnswer = Static<typeof correctionSchema>;
