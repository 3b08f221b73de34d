import { randomUUID } from 'node:crypto';
import {
  ABANDONED_NOTICES_KEPT,
  type AlertChange,
  type AlertStore,
  AlertStoreUnavailable,
  type ClaimedNotice,
} from '../../alerts/alert-store.ts';
import { formatLevelStates, parseLevelStates } from '../../alerts/level-states-text.ts';
import type { RedisClient } from './connect-redis.ts';
import { defineScripts, type ScriptName } from './define-scripts.ts';
import { readWord, readWords } from './read-reply.ts';
import { alertKeys } from './redis-keys.ts';
import { mapStoreFault } from './store-fault.ts';

/** Alerts in Redis that this program did not write. */
export class AlertsCorrupt extends Error {
  readonly code = 'ALERTS_CORRUPT';
  override readonly name = 'AlertsCorrupt';
}

/** The alert store in Redis, for any number of processes. `client` stays the caller's to close. */
export function createRedisAlerts(client: RedisClient): AlertStore {
  defineScripts(client);
  const ask = <T>(command: () => Promise<T>): Promise<T> =>
    mapStoreFault(command, {
      unavailable: (cause) => new AlertStoreUnavailable('Redis does not take the command', { cause }),
      refused: (cause) => new AlertsCorrupt('Redis refuses a command of the alerts', { cause }),
    });
  const run = async (script: ScriptName, keys: readonly string[], args: readonly string[]): Promise<string[]> =>
    readWords(await ask(() => client[script](keys.length, ...keys, ...args)));
  const { states, fired, due, notices, attempts, abandoned } = alertKeys;
  return {
    async readAlerts(accountId) {
      const revision = (await ask(() => client.hget(states, accountId))) ?? '';
      return { revision, states: parseLevelStates(withoutNonce(revision)) };
    },
    async changeAlerts(change) {
      const reply = await run('tollgateChangeAlerts', [states, fired, due, notices], changeArguments(change));
      return readWord(reply, 0) === 'changed' ? 'changed' : 'stale';
    },
    addNotice: async ({ id, payload }, nowMs) =>
      void (await run('tollgateAddNotice', [due, notices], [id, payload, String(nowMs)])),
    async listFired(limit) {
      const members = await ask(() => client.zrevrange(fired, 0, limit - 1));
      return members.map(parseFired);
    },
    async claimDue({ nowMs, leaseMs, limit }) {
      const args = [String(nowMs), String(nowMs + leaseMs), String(limit)];
      return readClaims(await run('tollgateClaimNotices', [due, notices, attempts], args));
    },
    completeNotice: async (noticeId) =>
      void (await run('tollgateCompleteNotice', [due, notices, attempts], [noticeId])),
    postponeNotice: async ({ id, attempt, dueAtMs }) =>
      void (await run('tollgatePostponeNotice', [due, attempts], [id, String(attempt), String(dueAtMs)])),
    abandonNotice: async ({ id, attempt }) => {
      const args = [id, String(attempt), String(ABANDONED_NOTICES_KEPT)];
      await run('tollgateAbandonNotice', [due, notices, attempts, abandoned], args);
    },
    async listAbandoned(limit) {
      const texts = await ask(() => client.lrange(abandoned, 0, limit - 1));
      return texts.map((text) => ({
        id: text.slice(0, text.indexOf(' ')),
        payload: text.slice(text.indexOf(' ') + 1),
      }));
    },
  };
}

/**
 * A stored text begins with a word made for its change. The client sends a command again whose reply was lost, and
 * the word tells this change, done already, from another replica's.
 */
function withoutNonce(text: string): string {
  return text.slice(text.indexOf(' ') + 1);
}

function changeArguments(change: AlertChange): string[] {
  const firedNow = change.states.filter(({ state }) => state === 'fired');
  const before = parseLevelStates(withoutNonce(change.revision));
  return [
    change.accountId,
    change.revision,
    change.states.length === 0 ? '' : `${randomUUID()} ${formatLevelStates(change.states)}`,
    change.notice?.id ?? '',
    change.notice?.payload ?? '',
    String(change.nowMs),
    String(firedNow.length),
    ...firedNow.flatMap(({ firedAtMs, levelNanoUsd }) => [String(firedAtMs), levelNanoUsd.toString()]),
    ...before.map(({ levelNanoUsd }) => levelNanoUsd.toString()),
  ];
}

function parseFired(member: string) {
  const [accountId = '', level = ''] = member.split(' ');
  if (!/^\d{1,16}$/.test(level)) throw new AlertsCorrupt('a fired level in Redis cannot be read');
  return { accountId, levelNanoUsd: BigInt(level) };
}

function readClaims(words: readonly string[]): ClaimedNotice[] {
  const claims: ClaimedNotice[] = [];
  for (let index = 0; index < words.length; index += 3) {
    claims.push({
      id: readWord(words, index),
      payload: readWord(words, index + 1),
      attempt: Number(readWord(words, index + 2)),
    });
  }
  return claims;
}
