import type { AlertCondition } from '../alerts/alert-rule.ts';
import type { AlertKind } from '../domain/alert-kinds.ts';
import { formatUsd, parseUsd } from '../domain/money.ts';
import type { FieldError } from './problem.ts';

/** What a rule goes by, as the API writes it. */
export interface AlertTerms {
  amount_usd?: string;
  share_of_last_purchase?: number;
  hours_left?: number;
  shares?: number[];
  quota_id?: string | null;
  factor?: number;
  minimum_usd?: string;
  days?: number;
}

const BALANCE_TERMS = ['amount_usd', 'share_of_last_purchase', 'hours_left'] as const;
const ALL_TERMS = [...BALANCE_TERMS, 'shares', 'quota_id', 'factor', 'minimum_usd', 'days'] as const;
const TERMS_OF: { readonly [kind in AlertKind]?: readonly (keyof AlertTerms)[] } = {
  balance_low: BALANCE_TERMS,
  quota_used: ['shares', 'quota_id'],
  burn_rate: ['factor', 'minimum_usd'],
  credit_expiry: ['days', 'minimum_usd'],
};

const USUAL_SHARES = [0.8, 0.95, 1];
const USUAL_FACTOR = 3;
const USUAL_MINIMUM = '1.00';
const USUAL_DAYS = 7;

/** Reads the terms of a kind. What is wrong with them is told by field. */
export function readAlertTerms(kind: AlertKind, terms: AlertTerms): AlertCondition | FieldError[] {
  const allowed = TERMS_OF[kind] ?? [];
  const errors: FieldError[] = ALL_TERMS.filter(
    (field) => terms[field] !== undefined && terms[field] !== null && !allowed.includes(field),
  ).map((field) => ({ field, message: `says nothing of ${kind}` }));
  if (kind === 'balance_low' && BALANCE_TERMS.filter((field) => terms[field] !== undefined).length !== 1) {
    errors.push({ field: 'amount_usd', message: `exactly one of ${BALANCE_TERMS.join(', ')} is required` });
  }
  return errors.length > 0 ? errors : composeCondition(kind, terms);
}

function composeCondition(kind: AlertKind, terms: AlertTerms): AlertCondition {
  const minimumNanoUsd = parseUsd(terms.minimum_usd ?? USUAL_MINIMUM) ?? 0n;
  switch (kind) {
    case 'balance_low':
      return composeBalance(terms);
    case 'quota_used': {
      const sharesMillionths = (terms.shares ?? USUAL_SHARES).map(toMillionths);
      return { kind, sharesMillionths, ...(terms.quota_id == null ? {} : { quotaId: terms.quota_id }) };
    }
    case 'burn_rate':
      return { kind, factorThousandths: Math.round((terms.factor ?? USUAL_FACTOR) * 1_000), minimumNanoUsd };
    case 'credit_expiry':
      return { kind, days: terms.days ?? USUAL_DAYS, minimumNanoUsd };
    default:
      return { kind };
  }
}

function composeBalance({ amount_usd: amount, share_of_last_purchase: share, hours_left: hours }: AlertTerms) {
  const kind = 'balance_low' as const;
  if (hours !== undefined) return { kind, hoursLeft: hours };
  if (share !== undefined) return { kind, shareMillionths: toMillionths(share) };
  return { kind, amountsNanoUsd: [parseUsd(amount ?? '0') ?? 0n] };
}

/** The terms as the API writes them; an account's own levels are a list. */
export function writeAlertTerms(condition: AlertCondition): AlertTerms {
  switch (condition.kind) {
    case 'balance_low':
      if ('hoursLeft' in condition) return { hours_left: condition.hoursLeft };
      if ('shareMillionths' in condition) return { share_of_last_purchase: condition.shareMillionths / 1e6 };
      return { amount_usd: formatUsd(condition.amountsNanoUsd[0] ?? 0n) };
    case 'quota_used': {
      const { sharesMillionths, quotaId } = condition;
      const shares = sharesMillionths.map((share) => share / 1e6);
      return { shares, ...(quotaId === undefined ? {} : { quota_id: quotaId }) };
    }
    case 'burn_rate':
      return { factor: condition.factorThousandths / 1e3, minimum_usd: formatUsd(condition.minimumNanoUsd) };
    case 'credit_expiry':
      return { days: condition.days, minimum_usd: formatUsd(condition.minimumNanoUsd) };
    default:
      return {};
  }
}

/** A rule's terms with some of them changed; of those of a balance there is one at a time. */
export function changeAlertTerms(present: AlertCondition, change: AlertTerms): AlertTerms {
  const changes = Object.fromEntries(
    ALL_TERMS.flatMap((field) => (change[field] === undefined ? [] : [[field, change[field]]])),
  );
  const isReplaced = BALANCE_TERMS.some((field) => change[field] !== undefined);
  return isReplaced && present.kind === 'balance_low' ? changes : { ...writeAlertTerms(present), ...changes };
}

function toMillionths(share: number): number {
  return Math.round(share * 1e6);
}
