/** What a creation answers. */
export type Created<T, Reference = 'account' | 'team' | 'member'> =
  | { result: 'created' | 'exists'; record: T }
  /** The id is taken by other content, or the secret's hash by another key. */
  | { result: 'conflict' }
  /** The account, team, member or key it names is not there, or is another account's. Nothing was written. */
  | { result: 'no_reference'; what: Reference };
