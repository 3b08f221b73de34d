import type { Directory } from '../directory/directory.ts';
import type { WindowFinder } from '../domain/quota-window.ts';
import { readUsage, type UsageFilter, type UsageQuestion } from '../reports/read-usage.ts';
import type { ReportStore } from '../reports/report-store.ts';
import { isKeyOfTeam } from './access/team-membership.ts';
import type { FieldError } from './problem.ts';
import { describeUnknown } from './unknown-details.ts';

type People = Pick<Directory, 'findTeam' | 'findMember' | 'findKey'>;
type Owner = Exclude<keyof UsageFilter, 'model'>;

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
    if (id === undefined || (await isThere(directory, owner, id, question))) continue;
    const { top: _, ...rest } = question;
    const report = await readUsage(store, findWindow, { ...rest, groupBy: [], only: { [owner]: id } });
    if (report?.rows.length === 0) errors.push({ field: `${owner}_id`, message: describeUnknown(owner) });
  }
  return errors;
}

async function isThere(
  directory: People,
  owner: Owner,
  id: string,
  { accountId, teamId }: Pick<UsageQuestion, 'accountId' | 'teamId'>,
): Promise<boolean> {
  switch (owner) {
    case 'team':
      return (teamId ?? id) === id && (await directory.findTeam(accountId, id)) !== undefined;
    case 'member': {
      const member = await directory.findMember(accountId, id);
      return member !== undefined && (teamId ?? member.teamId) === member.teamId;
    }
    case 'key': {
      const key = await directory.findKey(accountId, id);
      return key !== undefined && (teamId === undefined || isKeyOfTeam(directory, key, teamId));
    }
  }
}
