import { formatUsd } from '../../domain/money.ts';
import { describeLostBooks, type Reconciliation, reconcileAccount } from '../../ledger/reconcile-account.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { findAccountOrRefuse } from '../find-account-or-refuse.ts';
import { accountParams, answers } from '../route-schemas.ts';
import type { ReconciliationAnswer } from '../schemas/reconciliation-schemas.ts';

/** Reads and compares; what it finds is for people to mend. */
export function addReconciliationRoutes(app: AdminApp, parts: AdminParts): void {
  const { directory } = parts;
  const schema = {
    operationId: 'reconcileAccount',
    summary: 'Compare the books with the fold of the journal; changes nothing',
    tags: ['journal'],
    params: accountParams,
    response: answers(200, 'Reconciliation', 'What was found.'),
  };
  // Each reads a whole journal: one after the other, so that they do not crowd out the calls.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
  app.get(
    '/accounts/:account_id/reconciliation',
    { schema, config: { permission: 'system.read' } },
    async (request, reply) => {
      const accountId = request.params.account_id;
      if ((await findAccountOrRefuse(directory, accountId, reply)) === undefined) return reply;
      const found = (await inTurn(() => reconcileAccount(parts, accountId))) ?? describeLostBooks(accountId);
      parts.onReconciled(accountId, found.driftNanoUsd, found.differences.length === 0);
      if (found.differences.length > 0) {
        const { differences, sequence } = found;
        request.log.error({ account_id: accountId, sequence, differences }, 'the books and the journal do not agree');
      }
      return presentReconciliation(found);
    },
  );
}

function presentReconciliation(found: Reconciliation): ReconciliationAnswer {
  return {
    account_id: found.accountId,
    ok: found.differences.length === 0,
    sequence: found.sequence,
    from_sequence: found.fromSequence,
    entries: found.entries,
    drift_usd: formatUsd(found.driftNanoUsd),
    differences: found.differences.map((difference) => ({ ...difference })),
    truncated: found.truncated,
  };
}
