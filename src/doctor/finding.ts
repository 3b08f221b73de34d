/** What one look found. */
export interface Finding {
  /** What was looked at, in a word or two. */
  check: string;
  /** A `problem` keeps Tollgate from starting or from doing its work; a `warning` may become one. */
  status: 'ok' | 'warning' | 'problem';
  says: string;
  /** What a person can do about it. */
  remedy?: string;
}

/** Makes the findings of one check. */
export function createFinder(check: string) {
  return {
    ok: (says: string): Finding => ({ check, status: 'ok', says }),
    warn: (says: string, remedy: string): Finding => ({ check, status: 'warning', says, remedy }),
    fail: (says: string, remedy: string): Finding => ({ check, status: 'problem', says, remedy }),
  };
}
