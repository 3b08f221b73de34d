import type { Directory } from '../directory/directory.ts';
import type { WindowFinder } from '../domain/quota-window.ts';
import { readUsage, type UsageQuestion } from '../reports/read-usage.ts';
import type { ReportStore } from '../reports/report-store.ts';
import { NO_TEAM } from './find-keys.ts';
import { isOwnerThere, type Owner } from './find-unknown-owners.ts';
import type { FieldError } from './problem.ts';
import { describeUnknown } from './unknown-details.ts';

type People = Pick<Directory, 'findTeam' | 'findMember' | 'findKey'>;

const OWNERS: readonly Owner[] = ['team', 'member', 'key'];

/**
 * The filters of a question that name nobody of the account, or of the team that alone is asked about: what others
 * have is as if it were not there. Who has been deleted is still known by what he used in the time asked for.
 */
export async function findUnknownFilters(
  {
    directory,
    store,
    findWindow,
  }: { directory: People; store: Pick<ReportStore, 'readDays'>; findWindow: WindowFinder },
  question: UsageQuestion,
): Promise<FieldError[]> {
  const errors: FieldError[] = [];
  for (const owner of OWNERS) {
    const id = question.only?.[owner];
    if (id === undefined || (id !== NO_TEAM && (await isOwnerThere(directory, owner, id, question)))) continue;
    const { top: _, ...rest } = question;
    const report = await readUsage(store, findWindow, { ...rest, groupBy: [], only: { [owner]: id } });
    if (report?.rows.length === 0) errors.push({ field: `${owner}_id`, message: describeUnknown(owner) });
  }
  return errors;
}
