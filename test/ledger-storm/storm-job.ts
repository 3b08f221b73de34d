import type { HoldReply, Ledger, QuotaCell, SettleReply } from '../../src/ledger/ledger.ts';

/** One worker's part of a storm. Plain data: it crosses a process boundary as JSON. */
export interface StormJob {
  accountId: string;
  calls: StormCall[];
  /** Calls in flight at once. */
  width: number;
}

export interface StormCall {
  holdId: string;
  amountNanoUsd: string;
  /** Settled at this once the hold is answered with held, exists or done; left out: not settled. */
  settleNanoUsd?: string;
  cells: (Omit<QuotaCell, 'limit'> & { limit: string })[];
}

/** What the ledger answered to each call, money as text. */
export interface StormAnswer {
  holdId: string;
  hold: Told;
  settle?: Told;
}

interface Told {
  result: string;
  /** Of the balance in the reply, where there is one. */
  sequence?: number;
  availableNanoUsd?: string;
  quotaId?: string;
}

const TOKENS = 10n;

/** Runs the calls, a number of them at once, in the order given. */
export async function runStormJob(ledger: Ledger, job: StormJob): Promise<StormAnswer[]> {
  const answers: StormAnswer[] = [];
  const rest = job.calls.values();
  const runLane = async (): Promise<void> => {
    for (const call of rest) answers.push(await runCall(ledger, job.accountId, call));
  };
  await Promise.all(Array.from({ length: job.width }, runLane));
  return answers;
}

async function runCall(ledger: Ledger, accountId: string, call: StormCall): Promise<StormAnswer> {
  const { holdId } = call;
  const cells = call.cells.map((cell) => ({ ...cell, limit: BigInt(cell.limit) }));
  const common = { accountId, holdId, tokens: TOKENS, modelLabels: ['opus'], cells };
  const hold = await ledger.hold({ ...common, amountNanoUsd: BigInt(call.amountNanoUsd), leaseMs: 120_000 });
  const answer: StormAnswer = { holdId, hold: tell(hold) };
  if (call.settleNanoUsd === undefined || !['held', 'exists', 'done'].includes(hold.result)) return answer;
  const settle = await ledger.settle({ ...common, amountNanoUsd: BigInt(call.settleNanoUsd) });
  return { ...answer, settle: tell(settle) };
}

function tell(reply: HoldReply | SettleReply): Told {
  return {
    result: reply.result,
    ...('balance' in reply
      ? { sequence: reply.balance.sequence, availableNanoUsd: `${reply.balance.availableNanoUsd}` }
      : {}),
    ...('quotaId' in reply ? { quotaId: reply.quotaId } : {}),
  };
}
