import {
  AUDIT_BOUNDS,
  AUDIT_TRIMMED_AT_ONCE,
  type AuditAct,
  type AuditBounds,
  type AuditLog,
  type AuditOutcome,
  type AuditPage,
  type AuditRecord,
} from '../../directory/audit-log.ts';
import { clampLimit } from '../../directory/page-limit.ts';
import type { RedisClient } from './connect-redis.ts';
import { defineScripts } from './define-scripts.ts';
import { readWord } from './read-reply.ts';
import { createRedisDirectoryContext, type RedisDirectoryContext } from './redis-directory-context.ts';
import { directoryKeys } from './redis-keys.ts';

const KEYS = [directoryKeys.audit, directoryKeys.auditResults];
const SEQUENCE_DIGITS = 16;

/** The audit beside the directory, for any number of processes. `client` stays the caller's to close. */
export function createRedisAudit(client: RedisClient, bounds: AuditBounds = AUDIT_BOUNDS): AuditLog {
  defineScripts(client);
  const context = createRedisDirectoryContext(client, () => {});
  const numbers = [bounds.lifeMs, bounds.atLeast, bounds.atMost, AUDIT_TRIMMED_AT_ONCE];
  return {
    begin: async (act) => {
      const args = [`${act.atMs}`, JSON.stringify(act), ...numbers.map(String), act.accountId ?? ''];
      const keys = [...KEYS, directoryKeys.auditByAccount];
      return Number(readWord(await context.run('tollgateBeginAudit', keys, args), 0));
    },
    finish: async (sequence, result) => {
      await context.run('tollgateFinishAudit', KEYS, [`${sequence}`, JSON.stringify(result)]);
    },
    list: (page) => listRecords(context, page),
  };
}

async function listRecords(context: RedisDirectoryContext, page: AuditPage): Promise<AuditRecord[]> {
  const { accountId } = page;
  const sequences = await (accountId === undefined
    ? findSequences(context, page)
    : findSequencesOf(context, page, accountId));
  if (sequences.length === 0) return [];
  const fields = sequences.map(String);
  const [acts, results] = await Promise.all([
    context.ask((client) => client.hmget(directoryKeys.audit, ...fields)),
    context.ask((client) => client.hmget(directoryKeys.auditResults, ...fields)),
  ]);
  // One that was trimmed since the sequences were read is left out.
  return sequences.flatMap((sequence, index) => readAuditRecord(sequence, acts[index], results[index]));
}

async function findSequences({ ask }: RedisDirectoryContext, page: AuditPage): Promise<number[]> {
  const bounds = await ask((client) => client.hmget(directoryKeys.audit, 'first', 'last'));
  const [first = 0, last = 0] = bounds.map(Number);
  const limit = clampLimit('newest' in page ? page.newest : page.limit);
  const start = Math.max(first, 1, 'newest' in page ? last - limit + 1 : page.afterSequence + 1);
  return Array.from({ length: Math.max(0, Math.min(limit, last - start + 1)) }, (_, at) => start + at);
}

/** All scores are equal, so that members sort by their letters: by account, then by sequence. */
async function findSequencesOf({ ask }: RedisDirectoryContext, page: AuditPage, accountId: string): Promise<number[]> {
  const end = `(${accountId}!`;
  const key = directoryKeys.auditByAccount;
  const members =
    'newest' in page
      ? await ask((client) => client.zrevrangebylex(key, end, `[${accountId} `, 'LIMIT', 0, clampLimit(page.newest)))
      : await ask((client) => {
          const after = `(${accountId} ${`${page.afterSequence}`.padStart(SEQUENCE_DIGITS, '0')}`;
          return client.zrangebylex(key, after, end, 'LIMIT', 0, clampLimit(page.limit));
        });
  const sequences = members.map((member) => Number(member.slice(accountId.length + 1)));
  return 'newest' in page ? sequences.reverse() : sequences;
}

function readAuditRecord(sequence: number, text: string | null | undefined, result?: string | null): AuditRecord[] {
  if (text === null || text === undefined) return [];
  const record = { sequence, ...(JSON.parse(text.slice(text.indexOf(' ') + 1)) as AuditAct) };
  return [result ? { ...record, result: JSON.parse(result) as AuditOutcome } : record];
}
