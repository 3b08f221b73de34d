/** What is done where the API's own rules leave the cost of a call open. Set for the whole process. */
export interface CallPolicies {
  /** A request whose cost has no bound: held at the largest of its kind, or refused. */
  unboundedRequests: 'hold' | 'refuse';
  /** A call of which it is not known whether the API bills it: charged nothing, or an estimate. */
  doubtfulEnds: 'release' | 'estimate';
}

export const DEFAULT_CALL_POLICIES: CallPolicies = { unboundedRequests: 'hold', doubtfulEnds: 'release' };
