import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { presentJournalEntry } from '../answers/present-journal-entry.ts';
import { writeJournalCsv } from '../answers/write-journal-csv.ts';
import { findAccountOrRefuse } from '../find-account-or-refuse.ts';
import { findMarkedEntries, type MarkedEntries } from '../find-marked-entries.ts';
import { accountParams, answersTable } from '../route-schemas.ts';
import { DEFAULT_ENTRIES, journalQuery } from '../schemas/journal-schemas.ts';

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
    const { after = 0, limit = DEFAULT_ENTRIES, format = 'json', only } = request.query;
    const found =
      only === undefined
        ? await readEntries(ledger, accountId, { after, limit })
        : await findMarkedEntries(ledger, accountId, only, { after, limit });
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

async function readEntries(
  ledger: AdminParts['ledger'],
  accountId: string,
  { after, limit }: { after: number; limit: number },
): Promise<MarkedEntries> {
  const read = await ledger.readJournal(accountId, { afterSequence: after, limit: limit + 1 });
  const entries = read.slice(0, limit);
  return { entries, nextAfter: read.length > limit ? entries.at(-1)?.sequence : undefined };
}
