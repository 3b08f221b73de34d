import { type Static, Type } from 'typebox';
import { nameField, nullableTimeAnswer, timeAnswer, timeZoneField, usdAnswer, usdField } from './fields.ts';
import { pricingBody, pricingSchema } from './pricing-schemas.ts';

const modeField = Type.Enum(['prepaid', 'postpaid'], { description: 'Postpaid may owe up to its credit limit.' });
const onDisconnectField = Type.Enum(['drain', 'cancel'], {
  description: 'When the client leaves: read the answer to its end, or abort it upstream.',
});
const onExhaustedField = Type.Enum(['refuse', 'cut', 'finish'], {
  description:
    'What becomes of a call that may cost more than the credit left: refused; admitted and cut in good order when the credit ends (the default, for streams); run on into debt.',
});
const lowBalanceField = Type.Array(usdField, {
  maxItems: 16,
  uniqueItems: true,
  description: 'Balances at which an alert goes out.',
  examples: [['20.00', '5.00']],
});

export const createAccountBody = Type.Object(
  {
    name: nameField,
    timezone: Type.Optional(timeZoneField),
    mode: Type.Optional(modeField),
    credit_limit_usd: Type.Optional(usdField),
    on_disconnect: Type.Optional(onDisconnectField),
    on_exhausted: Type.Optional(onExhaustedField),
    low_balance_usd: Type.Optional(lowBalanceField),
    pricing: Type.Optional(pricingBody),
  },
  { additionalProperties: false },
);
export type CreateAccountBody = Static<typeof createAccountBody>;

export const updateAccountBody = Type.Object(
  {
    name: Type.Optional(nameField),
    timezone: Type.Optional(timeZoneField),
    mode: Type.Optional(modeField),
    credit_limit_usd: Type.Optional(usdField),
    on_disconnect: Type.Optional(onDisconnectField),
    on_exhausted: Type.Optional(onExhaustedField),
    low_balance_usd: Type.Optional(lowBalanceField),
    pricing: Type.Optional(pricingBody),
    status: Type.Optional(
      Type.Enum(['open', 'frozen'], { description: 'A frozen account is refused every metered call.' }),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type UpdateAccountBody = Static<typeof updateAccountBody>;

const balanceSchema = Type.Object(
  {
    granted_usd: usdAnswer,
    available_usd: usdAnswer,
    pending_usd: usdAnswer,
    held_usd: usdAnswer,
    spent_usd: usdAnswer,
    expired_usd: usdAnswer,
    voided_usd: usdAnswer,
    debt_usd: usdAnswer,
    charged_usd: usdAnswer,
  },
  { additionalProperties: false },
);
const nullableBalance = Type.Unsafe<Static<typeof balanceSchema> | null>({
  ...balanceSchema,
  type: ['object', 'null'],
  description: 'Null: the ledger has lost the books of the account; see `tollgate restore`.',
});

export const accountSchema = Type.Object(
  {
    id: Type.String({ pattern: '^acct_' }),
    name: Type.String(),
    status: Type.Enum(['open', 'frozen', 'closed', 'without_books'], {
      description: '`without_books`: the ledger has lost them, and every call is refused; see `tollgate restore`.',
    }),
    timezone: Type.String(),
    mode: Type.Optional(modeField),
    credit_limit_usd: Type.Optional(usdAnswer),
    on_disconnect: Type.Optional(onDisconnectField),
    on_exhausted: Type.Optional(onExhaustedField),
    low_balance_usd: Type.Optional(Type.Array(usdAnswer)),
    pricing: Type.Optional(pricingSchema),
    balance: Type.Optional(nullableBalance),
    closed_at: nullableTimeAnswer,
    created_at: timeAnswer,
  },
  {
    additionalProperties: false,
    description: 'A token that may not read money is shown neither the balance nor the terms: these fields are absent.',
  },
);
export type AccountAnswer = Static<typeof accountSchema>;
