/** What is said of ids that are not there, and of those that are another account's or another team's: the same. */
export const UNKNOWN = {
  account: 'There is no such account.',
  team: 'There is no such team in this account.',
  member: 'There is no such member in this account.',
  key: 'There is no such key in this account.',
  quota: 'There is no such quota in this account.',
  token: 'There is no such token.',
} as const;

/** The same of an id in a body's field. */
export function describeUnknown(what: 'account' | 'team' | 'member' | 'key'): string {
  return what === 'account' ? 'is no account' : `is no ${what} of this account`;
}
