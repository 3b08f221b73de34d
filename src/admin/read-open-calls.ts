import { formatUsd } from '../domain/money.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { OpenCalls, OpenCallView } from '../metering/open-calls.ts';
import { writeTime } from './answers/write-time.ts';
import type { OpenCallAnswer, OpenCallListAnswer } from './schemas/call-schemas.ts';

export interface OpenCallParts {
  ledger: Pick<Ledger, 'readHolds'>;
  openCalls: Pick<OpenCalls, 'list'>;
  clock: () => number;
}

/** Whose calls are wanted; all of the account's where none is named. */
export interface OpenCallFilter {
  teamId?: string;
  keyId?: string;
}

const CALLS_AT_MOST = 200;

/**
 * The calls of an account in flight, newest first: those of this process as they stand, and of others what the ledger
 * holds for them. What another process has open names no caller, so a filter leaves it out.
 */
export async function readOpenCalls(
  { ledger, openCalls, clock }: OpenCallParts,
  accountId: string,
  filter: OpenCallFilter = {},
): Promise<OpenCallListAnswer> {
  const own = new Map(
    openCalls
      .list()
      .filter((call) => call.accountId === accountId)
      .map((call) => [call.holdId, call.look()]),
  );
  const isFiltered = filter.teamId !== undefined || filter.keyId !== undefined;
  const holds = isFiltered ? [] : await ledger.readHolds(accountId);
  const elsewhere = holds.filter(({ holdId }) => !own.has(holdId));
  const calls = [
    ...[...own].filter(([, view]) => isWanted(view, filter)).map(([holdId, view]) => presentOwn(holdId, view)),
    ...elsewhere.map(({ holdId, amountNanoUsd, createdAtMs }) => presentHold(holdId, amountNanoUsd, createdAtMs)),
  ].sort((one, other) => (one.answer.started_at < other.answer.started_at ? 1 : -1));
  return {
    account_id: accountId,
    at: writeTime(clock()),
    held_usd: formatUsd(calls.reduce((sum, { heldNanoUsd }) => sum + heldNanoUsd, 0n)),
    open: calls.length,
    data: calls.slice(0, CALLS_AT_MOST).map(({ answer }) => answer),
  };
}

interface PresentedCall {
  heldNanoUsd: bigint;
  answer: OpenCallAnswer;
}

function isWanted({ teamId, keyId }: OpenCallView, filter: OpenCallFilter): boolean {
  return (filter.teamId ?? teamId) === teamId && (filter.keyId ?? keyId) === keyId;
}

function presentOwn(holdId: string, view: OpenCallView): PresentedCall {
  return {
    heldNanoUsd: view.heldNanoUsd,
    answer: {
      hold_id: holdId,
      request_id: view.requestId,
      key_id: view.keyId,
      team_id: view.teamId ?? null,
      member_id: view.memberId ?? null,
      model: view.model,
      started_at: writeTime(view.startedAtMs),
      held_usd: formatUsd(view.heldNanoUsd),
      input_tokens: view.inputTokens ?? null,
      output_tokens: view.outputTokens,
    },
  };
}

function presentHold(holdId: string, heldNanoUsd: bigint, createdAtMs: number): PresentedCall {
  const unknown = { request_id: null, key_id: null, team_id: null, member_id: null, model: null };
  return {
    heldNanoUsd,
    answer: {
      hold_id: holdId,
      ...unknown,
      started_at: writeTime(createdAtMs),
      held_usd: formatUsd(heldNanoUsd),
      input_tokens: null,
      output_tokens: null,
    },
  };
}
