import { stringify } from 'csv-stringify/sync';
import { formatUsd } from '../../domain/money.ts';
import type { Statement } from '../../reports/read-statement.ts';
import type { StatementAnswer } from '../schemas/report-schemas.ts';

type Frame = Pick<StatementAnswer, 'account_id' | 'month' | 'timezone' | 'through_sequence' | 'is_final'>;

export function presentStatement(frame: Frame, statement: Statement): StatementAnswer {
  const { total } = statement;
  return {
    ...frame,
    opening_usd: formatUsd(statement.openingNanoUsd),
    carried_usd: formatUsd(total.carried),
    granted_usd: formatUsd(total.granted),
    charged_usd: formatUsd(total.charged),
    refunded_usd: formatUsd(total.refunded),
    expired_usd: formatUsd(total.expired),
    voided_usd: formatUsd(total.voided),
    closing_usd: formatUsd(statement.closingNanoUsd),
    models: statement.models.map(({ model, counts }) => ({
      model,
      requests: Number(counts.requests),
      charged_usd: formatUsd(counts.charged),
      refunded_usd: formatUsd(counts.refunded),
    })),
  };
}

/** One row per line, signed as it moves the balance: the amounts from opening to the last line add up to the closing. */
export function writeStatementCsv(statement: StatementAnswer): string {
  const row = (line: string, amount: string, model = '', requests = '') => ({ line, model, requests, amount });
  const rows = [
    row('opening', statement.opening_usd),
    ...(isZero(statement.carried_usd) ? [] : [row('carried', statement.carried_usd)]),
    row('granted', statement.granted_usd),
    ...statement.models.flatMap(({ model, requests, charged_usd, refunded_usd }) => [
      row('charged', negate(charged_usd), model ?? '', `${requests}`),
      ...(isZero(refunded_usd) ? [] : [row('refunded', refunded_usd, model ?? '')]),
    ]),
    row('expired', negate(statement.expired_usd)),
    row('voided', negate(statement.voided_usd)),
    row('closing', statement.closing_usd),
  ].map(({ amount, ...line }) => ({ month: statement.month, ...line, amount_usd: amount }));
  return stringify(rows, {
    header: true,
    columns: ['month', 'line', 'model', 'requests', 'amount_usd'],
    record_delimiter: 'windows',
    // Amounts below zero begin with a sign that is no formula; a model's name is the only free text.
    cast: { string: (text, { column }) => (column === 'model' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text) },
  });
}

function negate(usd: string): string {
  if (isZero(usd)) return usd;
  return usd.startsWith('-') ? usd.slice(1) : `-${usd}`;
}

function isZero(usd: string): boolean {
  return /^[0.]+$/.test(usd);
}
