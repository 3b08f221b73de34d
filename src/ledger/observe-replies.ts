import type { AccountBalance } from '../domain/credit/credit-types.ts';
import type { Ledger } from './ledger.ts';

/** What carries a balance when it does what it was asked for. */
const OBSERVED = [
  ...(['grant', 'voidGrant', 'closeAccount', 'hold', 'extend', 'settle', 'release', 'reclaim'] as const),
  ...(['refund', 'correct', 'tick', 'setReload', 'requestReload', 'answerReload'] as const),
] as const;
type Observed = (typeof OBSERVED)[number];

/**
 * The same ledger, of which every reply with a balance is shown, beside the caller's way: a balance is seen in the reply
 * of the very transition that made it, so that no fall is missed between two looks.
 * @param onBalance returns at once and does not throw.
 */
export function observeReplies(
  ledger: Ledger,
  onBalance: (accountId: string, balance: AccountBalance) => void,
): Ledger {
  const shown =
    <Command extends { accountId: string }, Reply extends object>(run: (command: Command) => Promise<Reply>) =>
    (command: Command): Promise<Reply> =>
      run(command).then((reply: Reply & { balance?: AccountBalance }) => {
        if (reply.balance !== undefined) onBalance(command.accountId, reply.balance);
        return reply;
      });
  const commands = Object.fromEntries(OBSERVED.map((name) => [name, shown(ledger[name] as never)]));
  return { ...ledger, ...(commands as unknown as Pick<Ledger, Observed>) };
}
