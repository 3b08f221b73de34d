import { formatUsd, roundUpToDollars } from '../../domain/money.ts';
import { readBurn } from '../../reports/read-burn.ts';
import { readMonthForecast } from '../../reports/read-month-forecast.ts';
import { findRunway } from '../../reports/runway.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { writeOptionalTime, writeTime } from '../answers/write-time.ts';
import { readBooks } from '../find-account-books.ts';
import { findAccountOrRefuse } from '../find-account-or-refuse.ts';
import { accountParams, answers } from '../route-schemas.ts';
import type { RunwayAnswer } from '../schemas/report-schemas.ts';

/** How long an account's credit lasts at what it burns. */
export function addRunwayRoutes(app: AdminApp, { directory, ledger, reports, clock }: AdminParts): void {
  const schema = {
    operationId: 'readRunway',
    summary: 'Read when the credit ends at the burn of the last days, and what will expire unused',
    tags: ['reports'],
    params: accountParams,
    response: answers(200, 'Runway', 'A projection: nothing is promised.'),
  };
  app.get(
    '/accounts/:account_id/runway',
    { schema, config: { permission: 'money.read' } },
    async (request, reply): Promise<RunwayAnswer> => {
      const accountId = request.params.account_id;
      const account = await findAccountOrRefuse(directory, accountId, reply);
      if (account === undefined) return reply as never;
      await reports.fold.foldAccount(accountId);
      const nowMs = clock();
      const [balance, grants, burn] = await Promise.all([
        readBooks(ledger, account),
        ledger.readGrants(accountId),
        readBurn(reports.store, accountId, nowMs),
      ]);
      const { endsAtMs, unused } = findRunway(grants, burn.perDayNanoUsd, nowMs);
      const month = { accountId, timezone: account.timezone, nowMs };
      const { spentNanoUsd, forecastNanoUsd } = await readMonthForecast(reports.store, month, burn.perDayNanoUsd);
      const secondsToEmpty = endsAtMs === undefined ? null : Math.max(0, Math.floor((endsAtMs - nowMs) / 1000));
      return {
        account_id: accountId,
        available_usd: formatUsd(balance.availableNanoUsd),
        burn: { days: burn.days, per_day_usd: formatUsd(burn.perDayNanoUsd) },
        ends_at: writeOptionalTime(endsAtMs),
        seconds_to_empty: secondsToEmpty,
        unused_usd: formatUsd(unused.reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0n)),
        unused: unused.map(({ grantId, expiresAtMs, amountNanoUsd }) => ({
          grant_id: grantId,
          expires_at: writeTime(expiresAtMs),
          amount_usd: formatUsd(amountNanoUsd),
        })),
        month_spent_usd: formatUsd(spentNanoUsd),
        month_forecast_usd: formatUsd(forecastNanoUsd),
        proposed_low_balance_usd:
          burn.dearestDayNanoUsd === 0n ? null : formatUsd(roundUpToDollars(burn.dearestDayNanoUsd)),
      };
    },
  );
}
