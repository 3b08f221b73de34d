/**
 * Lists are in order of creation. `after` is the id of the last record of the page before; an id not in the list gives
 * an empty page. `limit` is 1 to 1,000 and is clamped to that.
 */
export interface Page {
  limit: number;
  after?: string;
}

/**
 * A page of what belongs to a team, where one is given: its members; its keys, those without a team of their own by
 * their member's; the quotas on it and on these.
 */
export interface TeamPage extends Page {
  teamId?: string;
}
