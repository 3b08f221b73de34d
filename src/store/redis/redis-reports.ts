import type { JournalOperation } from '../../domain/credit/credit-types.ts';
import {
  type Cells,
  type ReportChange,
  type ReportPage,
  type ReportStore,
  USAGE_LIFE_DAYS,
} from '../../reports/report-store.ts';
import type { ReportedEntry, ReportedPage } from '../../reports/reported-entry.ts';
import type { RedisClient } from './connect-redis.ts';
import type { ScriptReply } from './define-scripts.ts';
import { readPostings } from './ledger-replies.ts';
import { readWord, ScriptReplyUnreadable } from './read-reply.ts';
import { ledgerKeys, ledgerTag } from './redis-keys.ts';
import { createRedisLedgerContext, type RedisLedgerContext } from './redis-ledger-context.ts';

const DAY_MS = 86_400_000;
const PAGES_BY_DAY = ['usage', 'sessions', 'keys'] as const;
/** Days asked for at once. */
const DAYS_AT_ONCE = 31;

/** Sums in Redis, on the slot of the account's money, for any number of processes. `client` stays the caller's to close. */
export function createRedisReports(client: RedisClient): ReportStore {
  const context = createRedisLedgerContext(client);
  const { ask, run } = context;
  return {
    readProgress: (accountId) =>
      ask(
        (each) => each.hget(ledgerKeys.reported(ledgerTag(accountId)), accountId),
        (text) => Number(text ?? 0),
      ),
    readEntries: (accountId, { afterSequence, limit }) =>
      ask(
        () =>
          context.send('tollgateReadReported', [ledgerKeys.journal(accountId)], [`${afterSequence + 1}`, `${limit}`]),
        readReportedPage,
      ),
    async readCells(accountId, page, names) {
      const key = keyOf(accountId, page);
      const [texts, count] = await Promise.all([
        names.length === 0
          ? []
          : ask(
              (each) => each.hmget(key, ...names),
              (found) => found,
            ),
        ask(
          (each) => each.hlen(key),
          (length) => length,
        ),
      ]);
      const cells: Cells = new Map();
      for (const [index, name] of names.entries()) {
        const text = texts[index] ?? null;
        if (text !== null) cells.set(name, text);
      }
      return { cells, count };
    },
    async readDays(accountId, kind, { from, to }) {
      const cells: Cells = new Map();
      for (let first = from; first <= to; first += DAYS_AT_ONCE) {
        const days = Array.from({ length: Math.min(DAYS_AT_ONCE, to - first + 1) }, (_, index) => first + index);
        const pages = await Promise.all(days.map((day) => readAll(context, keyOf(accountId, { kind, day }))));
        for (const page of pages) for (const [name, counts] of page) cells.set(name, counts);
      }
      return cells;
    },
    readStatements: (accountId) => readAll(context, ledgerKeys.statements(accountId)),
    write: (accountId, change) => {
      const pages = change.pages.map(({ page }) => keyOf(accountId, page));
      const keys = [ledgerKeys.reported(ledgerTag(accountId)), ...pages];
      return run('tollgateWriteSums', keys, writeArguments(accountId, change), ([word]) => word === 'written');
    },
    forget(accountId, fromSequence) {
      // Nothing lists the days: those that may still be there are named.
      const today = Math.floor(Date.now() / DAY_MS);
      const days = Array.from({ length: USAGE_LIFE_DAYS + 2 }, (_, age) => today + 1 - age);
      const pages = days.flatMap((day) => PAGES_BY_DAY.map((kind) => keyOf(accountId, { kind, day })));
      const keys = [ledgerKeys.reported(ledgerTag(accountId)), ledgerKeys.statements(accountId), ...pages];
      return run('tollgateForgetSums', keys, [accountId, `${fromSequence}`], () => undefined);
    },
  };
}

const PARTS_OF_AN_ENTRY = 6;

function readReportedPage(reply: ScriptReply): ReportedPage | undefined {
  if (typeof reply !== 'string') throw new ScriptReplyUnreadable('the reported entries are no text');
  if (reply === '') return undefined;
  const parts = reply.split('\n');
  const entries: ReportedEntry[] = [];
  for (let at = 2; at < parts.length; at += PARTS_OF_AN_ENTRY) entries.push(readReportedEntry(parts, at));
  return { firstSequence: Number(readWord(parts, 0)), lastSequence: Number(readWord(parts, 1)), entries };
}

function readReportedEntry(parts: readonly string[], at: number): ReportedEntry {
  const [postings, details] = [readWord(parts, at + 4), readWord(parts, at + 5)];
  return {
    sequence: Number(readWord(parts, at)),
    atMs: Number(readWord(parts, at + 1)),
    operation: readWord(parts, at + 2) as JournalOperation,
    amountNanoUsd: BigInt(readWord(parts, at + 3)),
    postings: postings === '' ? [] : readPostings(postings),
    ...(details === '' ? {} : { details: JSON.parse(details) as NonNullable<ReportedEntry['details']> }),
  };
}

function readAll({ ask }: RedisLedgerContext, key: string): Promise<Cells> {
  return ask(
    (each) => each.hgetall(key),
    (found) => new Map(Object.entries(found)),
  );
}

function keyOf(accountId: string, page: ReportPage): string {
  if (page.kind === 'statements') return ledgerKeys.statements(accountId);
  if (page.kind === 'keys') return ledgerKeys.spend(accountId, page.day);
  return page.kind === 'usage' ? ledgerKeys.usage(accountId, page.day) : ledgerKeys.sessions(accountId, page.day);
}

function writeArguments(accountId: string, { fromSequence, toSequence, pages }: ReportChange): string[] {
  return [
    ...[accountId, `${fromSequence}`, `${toSequence}`],
    ...pages.flatMap(({ page, cells }) => [
      page.kind === 'statements' ? '' : `${(page.day + 1 + USAGE_LIFE_DAYS) * DAY_MS}`,
      `${cells.size}`,
      ...[...cells].flat(),
    ]),
  ];
}
