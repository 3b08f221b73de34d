import { createWindowCache } from '../../domain/window-cache.ts';
import { readStatement } from '../../reports/read-statement.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentStatement, writeStatementCsv } from '../answers/present-statement.ts';
import { findAccountOrRefuse } from '../find-account-or-refuse.ts';
import { refuseFields } from '../problem.ts';
import { answersTable } from '../route-schemas.ts';
import { statementParams, statementQuery } from '../schemas/report-schemas.ts';
import { sendCsv } from './usage-routes.ts';

/** Months of the account's calendar, each opening with what the one before closed with. */
export function addStatementRoutes(app: AdminApp, { directory, reports, clock }: AdminParts): void {
  const findWindow = createWindowCache();
  const schema = {
    operationId: 'readStatement',
    summary: 'Read the statement of a month: how the balance came from its opening to its closing',
    tags: ['reports'],
    params: statementParams,
    querystring: statementQuery,
    response: answersTable('Statement', 'The statement.'),
  };
  app.get(
    '/accounts/:account_id/statements/:month',
    { schema, config: { permission: 'money.read' } },
    async (request, reply) => {
      const { account_id: accountId, month } = request.params;
      const account = await findAccountOrRefuse(directory, accountId, reply);
      if (account === undefined) return reply;
      const { timezone } = account;
      const present = findWindow('month', clock(), timezone).name.slice('month:'.length, 'month:2026-11'.length);
      if (month > present) {
        const message = `must not be later than ${present}, the month it is now in ${timezone}: ${month} has not begun`;
        return refuseFields(reply, [{ field: 'month', message }]);
      }
      const throughSequence = await reports.fold.foldAccount(accountId);
      const answer = presentStatement(
        {
          ...{ account_id: accountId, month, timezone, through_sequence: throughSequence },
          is_final: month < present,
        },
        await readStatement(reports.store, accountId, month),
      );
      if (request.query.format !== 'csv') return answer;
      return sendCsv(reply, `statement-${accountId}-${month}`, writeStatementCsv(answer));
    },
  );
}
