import { type Ledger, LedgerUnavailable } from './ledger.ts';

/**
 * The same ledger, which takes no new hold and is not ready while its store is unfit to hold money. What has begun is
 * settled all the same: what was used must be charged.
 * @param isFit asked at each hold.
 */
export function guardLedger(ledger: Ledger, isFit: () => boolean): Ledger {
  const refuse = async (): Promise<never> => {
    throw new LedgerUnavailable('the store is set up in a way that may lose money');
  };
  return {
    ...ledger,
    hold: (command) => (isFit() ? ledger.hold(command) : refuse()),
    ping: () => (isFit() ? ledger.ping() : refuse()),
  };
}
