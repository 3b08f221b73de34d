import { findCallEntries } from '../../ledger/find-call-entries.ts';
import type { CallName } from '../../ledger/find-charge.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentJournalEntry } from '../answers/present-journal-entry.ts';
import { writeJournalCsv } from '../answers/write-journal-csv.ts';
import { findAccountOrRefuse } from '../find-account-or-refuse.ts';
import { findMarkedEntries, type MarkedEntries } from '../find-marked-entries.ts';
import { type FieldError, refuseFields } from '../problem.ts';
import { accountParams, answersTable } from '../route-schemas.ts';
import { DEFAULT_ENTRIES, type JournalQuery, journalQuery } from '../schemas/journal-schemas.ts';

/** `after` is a sequence here, so that a reader can go on where it stopped, for ever. */
export function addJournalRoutes(app: AdminApp, { directory, ledger }: AdminParts): void {
  const schema = {
    operationId: 'listJournal',
    summary: 'Read the journal: every change of the balance, in sequence',
    tags: ['journal'],
    params: accountParams,
    querystring: journalQuery,
    response: answersTable('JournalPage', 'Entries in sequence.'),
  };
  app.get('/accounts/:account_id/journal', { schema, config: { permission: 'money.read' } }, async (request, reply) => {
    const accountId = request.params.account_id;
    if ((await findAccountOrRefuse(directory, accountId, reply)) === undefined) return reply;
    const { format = 'json', only, order, request_id: requestId } = request.query;
    const errors = findContradictions(request.query);
    if (errors.length > 0) return refuseFields(reply, errors);
    const limit = request.query.limit ?? DEFAULT_ENTRIES;
    const found =
      requestId !== undefined
        ? { entries: await findCallEntries(ledger, accountId, nameCall(requestId)), nextAfter: undefined }
        : only !== undefined
          ? await findMarkedEntries(ledger, accountId, only, { after: request.query.after ?? 0, limit })
          : await (order === 'newest' ? readNewest : readEntries)(ledger, accountId, {
              after: request.query.after,
              limit,
            });
    const data = found.entries.map(presentJournalEntry);
    const last = found.nextAfter;
    if (format === 'json') {
      return { data, has_more: last !== undefined, ...(last === undefined ? {} : { next_after: last }) };
    }
    reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="journal-${accountId}.csv"`);
    if (last !== undefined) reply.header('tollgate-next-after', last);
    return reply.send(writeJournalCsv(data));
  });
}

/** A hold is a name of its call as good as the request. */
function nameCall(id: string): CallName {
  return id.startsWith('hold_') ? { holdId: id } : { requestId: id };
}

function findContradictions({ only, order, after, request_id: requestId }: JournalQuery): FieldError[] {
  const errors: FieldError[] = [];
  if (only !== undefined && order === 'newest') errors.push({ field: 'order', message: 'must be oldest with only' });
  if (requestId !== undefined && (only ?? order ?? after) !== undefined) {
    errors.push({ field: 'request_id', message: 'must stand alone' });
  }
  return errors;
}

interface Span {
  after: number | undefined;
  limit: number;
}

async function readEntries(ledger: AdminParts['ledger'], accountId: string, span: Span): Promise<MarkedEntries> {
  const { after = 0, limit } = span;
  const read = await ledger.readJournal(accountId, { afterSequence: after, limit: limit + 1 });
  const entries = read.slice(0, limit);
  return { entries, nextAfter: read.length > limit ? entries.at(-1)?.sequence : undefined };
}

/** From the end, or from below a sequence, downwards. Sequences have no gap, so a page is a span of them. */
async function readNewest(ledger: AdminParts['ledger'], accountId: string, span: Span): Promise<MarkedEntries> {
  const newest = (await ledger.readBalance(accountId))?.sequence ?? 0;
  const below = Math.min(span.after ?? newest + 1, newest + 1);
  const after = Math.max(0, below - 1 - span.limit);
  const limit = below - 1 - after;
  const read = limit === 0 ? [] : await ledger.readJournal(accountId, { afterSequence: after, limit });
  // Where the front has been trimmed, what comes back begins later and may go beyond.
  const entries = read.filter(({ sequence }) => sequence < below).reverse();
  const last = entries.at(-1)?.sequence ?? 1;
  return { entries, nextAfter: after > 0 && last === after + 1 ? last : undefined };
}
