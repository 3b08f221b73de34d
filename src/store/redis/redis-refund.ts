import { readHoldTimeMs } from '../../domain/hold-id.ts';
import type { Ledger, RefundReply } from '../../ledger/ledger.ts';
import { writeJson } from './ledger-arguments.ts';
import { readBalance } from './ledger-replies.ts';
import { readWord } from './read-reply.ts';
import { ledgerKeys, ledgerScriptKeys } from './redis-keys.ts';
import type { RedisLedgerContext } from './redis-ledger-context.ts';

export function createRefundTransition({ run, now }: RedisLedgerContext): Pick<Ledger, 'refund'> {
  return {
    refund: async ({ accountId, holdId, refundId, amountNanoUsd, details, ...charge }) => {
      const idMs = readHoldTimeMs(holdId);
      const keys = [...ledgerScriptKeys(accountId, idMs ?? 0), ledgerKeys.refunds(accountId)];
      const allocations = charge.allocations.map((part) => [part.grantId, part.amountNanoUsd]);
      const args = [
        ...[accountId, now(), holdId, `${idMs ?? ''}`, refundId, `${amountNanoUsd ?? ''}`],
        ...[writeJson(allocations), `${charge.debtNanoUsd}`, writeJson(charge.fallbackGrantIds)],
        ...[writeJson({ holdId }), writeJson(details)],
      ];
      return run('tollgateRefund', keys, args, readRefund);
    },
  };
}

function readRefund(words: readonly string[]): RefundReply {
  const amount = (index: number): bigint => BigInt(readWord(words, index));
  const result = readWord(words, 0);
  switch (result) {
    case 'refunded':
    case 'exists':
      return { result, amountNanoUsd: amount(1), refundedNanoUsd: amount(2), balance: readBalance(words, 3) };
    case 'exceeds_charge':
      return { result, chargedNanoUsd: amount(1), refundedNanoUsd: amount(2) };
    case 'out_of_range':
      return { result, what: readWord(words, 1) };
    default:
      return { result } as RefundReply;
  }
}
