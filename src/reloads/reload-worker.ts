import type { Notice } from '../alerts/alert-store.ts';
import { netBalance } from '../alerts/read-levels.ts';
import {
  type PendingReload,
  type ReloadState,
  requestedInMonth,
  writeReloadId,
} from '../domain/credit/reload-state.ts';
import { formatUsd } from '../domain/money.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ReloadMetrics } from '../observability/reload-metrics.ts';
import type { PaymentAsker } from './ask-payment.ts';
import { type RecordAnswerParts, recordAnswer, tell } from './record-answer.ts';
import { paymentPauseMs, UNRESOLVED_AFTER_MS } from './reload-pause.ts';

export interface ReloadWorkerParts extends Omit<RecordAnswerParts, 'ledger' | 'metrics' | 'logger'> {
  ledger: Pick<Ledger, 'readReload' | 'answerReload' | 'claimReload' | 'findDueReloads' | 'readBalance'>;
  payment: Pick<PaymentAsker, 'ask'>;
  findAccountName(accountId: string): Promise<string | undefined>;
  every: (intervalMs: number, run: () => void) => () => void;
  metrics: ReloadMetrics;
  logger: RecordAnswerParts['logger'] & { error(facts: object, text: string): void };
}

export interface ReloadWorker {
  /** Asks for what is due; never rejects. Asked for while a round is under way, it is that one. */
  run(): Promise<void>;
  start(): void;
  /** Resolves when the round under way, if any, has ended. */
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 5_000;
const COUNT_EVERY_MS = 60_000;
const TAKEN_AT_MOST = 32;
const COUNTED_AT_MOST = 500;
/** After these replies of the ledger the request is pending no more. */
const ENDED: readonly string[] = ['paid', 'declined', 'exists', 'conflict', 'unknown', 'no_account'];
/** Beyond every pause: whatever is pending is due by then. */
const AHEAD_MS = 7 * 3_600_000;

/**
 * Asks the payment side to pay for requests that are pending, again and again under the same id until it says what
 * became of them. Any number of replicas may work on one store: each attempt is claimed. A process that dies after it
 * asked leaves the request pending, and the next attempt gets the same answer.
 */
export function createReloadWorker(parts: ReloadWorkerParts): ReloadWorker {
  let running: Promise<void> | undefined;
  let again = false;
  const stops: (() => void)[] = [];
  const round = async (): Promise<void> => {
    do {
      again = false;
      await runRound(parts);
    } while (again);
  };
  const run = (): Promise<void> => {
    again = running !== undefined;
    running ??= round().finally(() => {
      running = undefined;
    });
    return running;
  };
  return {
    run,
    start() {
      stops.push(parts.every(LOOK_EVERY_MS, () => void run()));
      stops.push(parts.every(COUNT_EVERY_MS, () => void countPending(parts)));
      void countPending(parts);
    },
    async stop() {
      for (const end of stops.splice(0)) end();
      again = false;
      await running;
    },
  };
}

async function runRound(parts: ReloadWorkerParts): Promise<void> {
  try {
    const due = await parts.ledger.findDueReloads(TAKEN_AT_MOST);
    await Promise.all(due.map((accountId) => workOn(parts, accountId)));
  } catch (error) {
    parts.logger.warn({ err: error }, 'requests for reloads could not be looked for');
  }
}

async function workOn(parts: ReloadWorkerParts, accountId: string): Promise<void> {
  try {
    const reload = await parts.ledger.readReload(accountId);
    const pending = reload?.pending;
    if (reload === undefined || pending === undefined) return;
    const ageMs = parts.nowMs() - pending.requestedAtMs;
    const claim = { accountId, number: pending.number, pauseMs: paymentPauseMs(ageMs) };
    const { result } = await parts.ledger.claimReload(claim);
    if (result === 'claimed') await ask(parts, accountId, reload, pending);
  } catch (error) {
    parts.logger.error({ err: error, account_id: accountId }, 'a reload could not be worked on, it is tried again');
  }
}

async function ask(
  parts: ReloadWorkerParts,
  accountId: string,
  reload: ReloadState,
  pending: PendingReload,
): Promise<void> {
  const { payment, metrics, logger, nowMs } = parts;
  const reloadId = writeReloadId(accountId, pending.number);
  const answer = await payment.ask(await describeRequest(parts, accountId, reload, pending));
  metrics.paymentAsked(answer.outcome);
  if (answer.outcome === 'paid' || answer.outcome === 'declined') {
    const { result } = await recordAnswer(parts, accountId, reloadId, answer);
    if (ENDED.includes(result)) return;
  }
  const facts = { account_id: accountId, reload_id: reloadId };
  if (answer.outcome === 'unknown') logger.warn({ ...facts, problem: answer.problem }, 'no answer to a reload');
  const { requestedAtMs, amountNanoUsd } = pending;
  if (nowMs() - requestedAtMs < UNRESOLVED_AFTER_MS) return;
  await tell(parts, { type: 'reload.unresolved', accountId, reloadId, amountNanoUsd, requestedAtMs, atMs: nowMs() });
}

async function describeRequest(
  { ledger, findAccountName, nowMs }: ReloadWorkerParts,
  accountId: string,
  reload: ReloadState,
  pending: PendingReload,
): Promise<Notice> {
  const [balance, name] = await Promise.all([ledger.readBalance(accountId), findAccountName(accountId)]);
  const id = writeReloadId(accountId, pending.number);
  const data = {
    reload_id: id,
    account: { id: accountId, name: name ?? null },
    amount_usd: formatUsd(pending.amountNanoUsd),
    threshold_usd: formatUsd(reload.thresholdNanoUsd),
    balance_usd: balance === undefined ? null : formatUsd(netBalance(balance)),
    month_total_usd: formatUsd(requestedInMonth(reload, nowMs())),
    monthly_cap_usd: formatUsd(reload.monthlyCapNanoUsd),
    requested_at: new Date(pending.requestedAtMs).toISOString(),
  };
  const timestamp = new Date(nowMs()).toISOString();
  return { id, payload: JSON.stringify({ type: 'reload.requested', timestamp, data }) };
}

async function countPending({ ledger, metrics, logger }: ReloadWorkerParts): Promise<void> {
  try {
    const accounts = await ledger.findDueReloads(COUNTED_AT_MOST, AHEAD_MS);
    let oldestAtMs: number | undefined;
    for (const accountId of accounts) {
      const atMs = (await ledger.readReload(accountId))?.pending?.requestedAtMs;
      if (atMs !== undefined) oldestAtMs = Math.min(oldestAtMs ?? atMs, atMs);
    }
    metrics.reloadsPending(accounts.length, oldestAtMs);
  } catch (error) {
    logger.warn({ err: error }, 'pending reloads could not be counted');
  }
}
