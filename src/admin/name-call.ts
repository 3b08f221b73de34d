import type { CallName } from '../ledger/find-charge.ts';

/** The call that a body names, by one of the two. */
export function nameCall(body: { hold_id?: string; request_id?: string }): CallName {
  return body.hold_id === undefined ? { requestId: body.request_id ?? '' } : { holdId: body.hold_id };
}
