import { readHoldTimeMs } from '../../domain/hold-id.ts';
import type { ChargedCall, CorrectReply, Ledger, RefundReply } from '../../ledger/ledger.ts';
import { writeJson } from './ledger-arguments.ts';
import { readBalance } from './ledger-replies.ts';
import { readWord } from './read-reply.ts';
import { ledgerKeys, ledgerScriptKeys } from './redis-keys.ts';
import type { RedisLedgerContext } from './redis-ledger-context.ts';

export function createRefundTransition({ run, now }: RedisLedgerContext): Pick<Ledger, 'refund' | 'correct'> {
  const words = (call: ChargedCall, id: string, amount: string): [keys: string[], args: string[]] => {
    const { accountId, holdId, details, ...charge } = call;
    const idMs = readHoldTimeMs(holdId);
    const keys = [...ledgerScriptKeys(accountId, idMs ?? 0), ledgerKeys.refunds(accountId)];
    const allocations = charge.allocations.map((part) => [part.grantId, part.amountNanoUsd]);
    const args = [
      ...[accountId, now(), holdId, `${idMs ?? ''}`, id, amount],
      ...[writeJson(allocations), `${charge.debtNanoUsd}`, writeJson(charge.fallbackGrantIds)],
      ...[writeJson({ holdId }), writeJson(details)],
    ];
    return [keys, args];
  };
  return {
    refund: async (command) => {
      const [keys, args] = words(command, command.refundId, `${command.amountNanoUsd ?? ''}`);
      return run('tollgateRefund', keys, args, readRefund);
    },
    correct: async (command) => {
      const [keys, args] = words(command, command.correctionId, `${command.toNanoUsd}`);
      return run('tollgateCorrect', keys, args, readCorrection);
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

function readCorrection(words: readonly string[]): CorrectReply {
  const result = readWord(words, 0);
  switch (result) {
    case 'corrected':
    case 'exists':
      return { result, changeNanoUsd: BigInt(readWord(words, 1)), balance: readBalance(words, 2) };
    case 'unchanged':
      return { result, balance: readBalance(words, 1) };
    case 'out_of_range':
      return { result, what: readWord(words, 1) };
    default:
      return { result } as CorrectReply;
  }
}
