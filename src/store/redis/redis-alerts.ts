import { randomUUID } from 'node:crypto';
import type { AlertDelivery } from '../../alerts/alert-delivery.ts';
import { readAlertChannel, readAlertRule } from '../../alerts/alert-record-json.ts';
import { readAlertKey } from '../../alerts/alert-rule.ts';
import { formatAlertStates, parseAlertStates } from '../../alerts/alert-states-text.ts';
import {
  type AlertChange,
  type AlertStore,
  type ClaimedNotice,
  DELIVERIES_KEPT,
  DELIVERIES_KEPT_MS,
  entryIdOf,
  readEntryId,
} from '../../alerts/alert-store.ts';
import { idsBefore } from '../../directory/create-id.ts';
import type { RedisClient } from './connect-redis.ts';
import { defineScripts } from './define-scripts.ts';
import { readWord } from './read-reply.ts';
import { createRedisAlertContext, type RedisAlertContext } from './redis-alert-context.ts';
import { createRedisAlertRecords } from './redis-alert-records.ts';
import { alertKeys } from './redis-keys.ts';

/** The alert store in Redis, for any number of processes. `client` stays the caller's to close. */
export function createRedisAlerts(client: RedisClient): AlertStore {
  defineScripts(client);
  const context = createRedisAlertContext(client);
  return {
    rules: createRedisAlertRecords(context, 'rules', readAlertRule),
    channels: createRedisAlertRecords(context, 'channels', readAlertChannel),
    ...createStates(context),
    ...createOutbox(context),
    ...createDeliveries(context),
  };
}

function createStates({
  ask,
  run,
}: RedisAlertContext): Pick<AlertStore, 'readAlerts' | 'changeAlerts' | 'forgetStates' | 'listFired' | 'claimLook'> {
  const { states, fired, due, notices, lookLease } = alertKeys;
  return {
    async readAlerts(key) {
      const revision = (await ask((client) => client.hget(states, key))) ?? '';
      return { revision, states: parseAlertStates(withoutNonce(revision)) };
    },
    async changeAlerts(change) {
      const reply = await run('tollgateChangeAlerts', [states, fired, due, notices], changeArguments(change));
      return readWord(reply, 0) === 'changed' ? 'changed' : 'stale';
    },
    async forgetStates(ruleId) {
      let cursor = '0';
      do {
        const [next, found] = await ask((client) => client.hscan(states, cursor, 'MATCH', `${ruleId} *`, 'COUNT', 500));
        cursor = next;
        for (let index = 0; index < found.length; index += 2) {
          const [key = '', text = ''] = found.slice(index, index + 2);
          const members = parseAlertStates(withoutNonce(text)).map(({ level }) => `${key} ${level}`);
          await ask((client) => client.hdel(states, key));
          if (members.length > 0) await ask((client) => client.zrem(fired, ...members));
        }
      } while (cursor !== '0');
    },
    async listFired(limit) {
      const members = await ask((client) => client.zrevrange(fired, 0, limit - 1));
      return members.map((member) => {
        const end = member.lastIndexOf(' ');
        return { ...readAlertKey(member.slice(0, end)), level: member.slice(end + 1) };
      });
    },
    claimLook: async ({ nowMs, everyMs }) =>
      (await ask((client) => client.set(lookLease, `${nowMs}`, 'PX', everyMs, 'NX'))) === 'OK',
  };
}

function createOutbox({
  run,
}: RedisAlertContext): Pick<AlertStore, 'addNotice' | 'claimDue' | 'completeNotice' | 'postponeNotice'> {
  const { due, notices, attempts } = alertKeys;
  return {
    addNotice: async ({ id, payload }, nowMs) =>
      void (await run('tollgateAddNotice', [due, notices], [id, payload, String(nowMs)])),
    async claimDue({ nowMs, leaseMs, limit }) {
      const args = [String(nowMs), String(nowMs + leaseMs), String(limit)];
      return readClaims(await run('tollgateClaimNotices', [due, notices, attempts], args));
    },
    completeNotice: async (entryId) => void (await run('tollgateCompleteNotice', [due, notices, attempts], [entryId])),
    postponeNotice: async ({ entryId, attempt, dueAtMs }) =>
      void (await run('tollgatePostponeNotice', [due, attempts], [entryId, String(attempt), String(dueAtMs)])),
  };
}

function createDeliveries({
  ask,
  run,
}: RedisAlertContext): Pick<AlertStore, 'addDelivery' | 'findDelivery' | 'listDeliveries'> {
  const { deliveries, deliveryOrder } = alertKeys;
  const keys = [deliveries, deliveryOrder];
  const parse = (text: string): AlertDelivery => JSON.parse(text) as AlertDelivery;
  return {
    async addDelivery(delivery) {
      const tooOld = idsBefore('delivery', delivery.startedAtMs - DELIVERIES_KEPT_MS);
      const member = `${delivery.id} ${delivery.accountId ?? ''}`;
      await run('tollgateAddDelivery', keys, [member, JSON.stringify(delivery), tooOld, String(DELIVERIES_KEPT)]);
    },
    async findDelivery(id) {
      const text = await ask((client) => client.hget(deliveries, id));
      return text === null ? undefined : parse(text);
    },
    listDeliveries: async ({ accountId = '', after = '', limit }) =>
      (await run('tollgateListDeliveries', keys, [after, accountId, String(limit)])).map(parse),
  };
}

/**
 * A stored text begins with a word made for its change. The client sends a command again whose reply was lost, and
 * the word tells this change, done already, from another replica's.
 */
function withoutNonce(text: string): string {
  return text.slice(text.indexOf(' ') + 1);
}

function changeArguments({ key, revision, states, notices = [], nowMs }: AlertChange): string[] {
  const firedNow = states.filter(({ state }) => state === 'fired');
  const before = parseAlertStates(withoutNonce(revision));
  return [
    key,
    revision,
    states.length === 0 ? '' : `${randomUUID()} ${formatAlertStates(states)}`,
    String(nowMs),
    String(notices.length),
    ...notices.flatMap((notice) => [entryIdOf(notice), notice.payload]),
    String(firedNow.length),
    ...firedNow.flatMap(({ firedAtMs, level }) => [String(firedAtMs), level]),
    ...before.map(({ level }) => level),
  ];
}

function readClaims(words: readonly string[]): ClaimedNotice[] {
  const claims: ClaimedNotice[] = [];
  for (let index = 0; index < words.length; index += 3) {
    const entryId = readWord(words, index);
    const attempt = Number(readWord(words, index + 2));
    claims.push({ ...readEntryId(entryId), entryId, payload: readWord(words, index + 1), attempt });
  }
  return claims;
}
