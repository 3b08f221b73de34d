import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { acknowledgeWrites } from '../../src/store/redis/acknowledge-writes.ts';
import { checkRedis } from '../../src/store/redis/check-redis.ts';
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { createRedisAlerts } from '../../src/store/redis/redis-alerts.ts';
import { createRedisAudit } from '../../src/store/redis/redis-audit.ts';
import { openRedisDirectory } from '../../src/store/redis/redis-directory.ts';
import { createRedisJournalSource } from '../../src/store/redis/redis-journal-source.ts';
import {
  alertKeys,
  type DirectoryTable,
  directoryKeys,
  EXPORT_LEASE_KEY,
  LEDGER_TAGS,
  ledgerKeys,
  storedKeys,
} from '../../src/store/redis/redis-keys.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { createRedisReports } from '../../src/store/redis/redis-reports.ts';
import { createRedisStored } from '../../src/store/redis/redis-stored.ts';
import { readMarkdownTable } from '../support/markdown-table.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

const page = readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8');
const HEADINGS = [
  'Keys of the ledger',
  'Keys of the reports',
  'Key of the export',
  'Keys of the directory',
  'Keys of the alerts',
  'Keys of batches and files',
];
const rows = HEADINGS.flatMap((heading) => readMarkdownTable(page, heading)).map((row) => ({
  key: (row.key ?? '').replaceAll('`', ''),
  type: row.type ?? '',
  life: row.life ?? '',
}));

/** A key's name with what varies replaced as the page writes it. */
const templateOf = (key: string): string =>
  key
    .replace(/^\{tg:\d\d\}/, '{tg:NN}')
    .replace(/(acct_[0-9A-Z]{26}|<account>)(:\d+)?$/, (_, _account, part) => `<account>${part ? ':<hour>' : ''}`)
    .replace(/(:usage(-sessions|-keys)?:<account>):<hour>$/, '$1:<day>')
    .replace(/:idempotency:.*$/, ':idempotency:<hash>');

const TABLES: DirectoryTable[] = ['accounts', 'teams', 'members', 'keys', 'quotas', 'tokens'];

describe('docs/redis.md', () => {
  test('lists the keys that the code names, all of them and no other', () => {
    const { table, order, idempotency, activeTokens, changesChannel, ...plain } = directoryKeys;
    const {
      unexported,
      exported,
      trimmed,
      trimDue,
      dueAccounts,
      dueHolds,
      dueReloads,
      fence,
      exportedTo,
      reported,
      endedHolds,
      usage,
      sessions,
      spend,
      ...ofAccount
    } = ledgerKeys;
    const { ofAccount: storedOf, ...stored } = storedKeys;
    const { ofOwner, ...alerts } = alertKeys;
    const tag = LEDGER_TAGS[0] ?? '';
    const named = [
      ...Object.values(plain),
      ...TABLES.flatMap((each) => [table(each), order(each, each === 'accounts' ? '' : '<account>')]),
      ...[order('tokens'), activeTokens(), activeTokens('<account>')],
      idempotency('x'),
      ...Object.values(alerts),
      ...(['rules', 'channels'] as const).flatMap((kind) => [ofOwner(kind), ofOwner(kind, '<account>')]),
      ...Object.values(stored),
      ...[storedOf('batches', '<account>'), storedOf('files', '<account>')],
      EXPORT_LEASE_KEY,
      ...[unexported, exported, trimmed, trimDue, dueAccounts, dueHolds, dueReloads, fence, reported, exportedTo].map(
        (key) => key(tag),
      ),
      ...Object.values(ofAccount).map((key) => key('<account>')),
      ...[endedHolds('<account>', 0), usage('<account>', 0), sessions('<account>', 0), spend('<account>', 0)],
    ].map(templateOf);
    expect(rows.map((row) => row.key).sort()).toEqual(named.sort());
    expect(page).toContain(`\`${changesChannel}\``);
  });

  describe('on a server that was written to', () => {
    let server: RedisServer;
    let client: Redis;
    beforeAll(async () => {
      server = await startRedisServer();
      client = await connect(server.url);
      // By a user who may do no more than the page says.
      const [, rules = ''] = /^Of an ACL user: `([^`]+)`/m.exec(page) ?? [];
      await client.call('ACL', 'SETUSER', 'tollgate', 'on', '>secret', ...rules.split(' '));
      const user = await connect(server.url.replace('//', '//tollgate:secret@'));
      await writeEverything(user);
      expect((await checkRedis(user)).problems).toEqual([]);
      await expect(user.call('FLUSHALL')).rejects.toThrow(/NOPERM/);
      user.disconnect();
    });
    afterAll(async () => {
      client?.disconnect();
      await server?.stop();
    });

    test('every key is listed, with its type and with a life only where it says so', async () => {
      const keys = await client.keys('*');
      const found = new Map<string, string>();
      for (const key of keys) {
        const row = rows.find((each) => each.key === templateOf(key));
        expect([key, row?.type]).toEqual([key, await client.type(key)]);
        const isBounded = /^\d+ (h|s)\b/.test(row?.life ?? '');
        expect([key, (await client.pttl(key)) > 0]).toEqual([key, isBounded]);
        found.set(templateOf(key), key);
      }
      expect([...found.keys()].sort()).toEqual(rows.map((row) => row.key).sort());
    });

    test('no amount of the journal or a record is a number in JSON', async () => {
      for (const key of await client.keys('*')) {
        if (/:(live|ended)-grants:|:holds:/.test(key)) {
          for (const record of await client.hvals(key)) expect(record).not.toMatch(/[:[,]-?\d/);
        }
      }
    });
  });
});

const connect = async (url: string): Promise<Redis> =>
  (await connectRedis({ url, commandTimeoutMs: 2_000, startTimeoutMs: 5_000, onFault: () => {} })) as Redis;

/** Makes every kind of key there is. */
async function writeEverything(client: Redis): Promise<void> {
  const now = Date.now();
  const accountId = createId('acct', now);
  await writeDirectory(client, accountId);
  await writeAudit(client);
  // One replica is wanted and there is none: the wait is in vain, its key is there.
  const ledger = createRedisLedger({ client });
  const awaited = acknowledgeWrites(ledger, { client, writes: ledger, replicas: 1 });
  await expect(awaited.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n })).rejects.toThrow(
    /of 1 replicas/,
  );
  await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
  const terms = { accountId, kind: 'paid', priority: 50, effectiveAtMs: now, expiresAtMs: now + 86_400_000 } as const;
  await ledger.grant({ ...terms, grantId: 'grant_ended', amountNanoUsd: 1n, models: ['m'] });
  await ledger.voidGrant({ accountId, grantId: 'grant_ended' });
  await ledger.grant({ ...terms, grantId: 'grant_live', amountNanoUsd: 10n });
  const quotaCells = [{ quotaId: 'q', window: 'w', measure: 'usd', limit: 9n, mode: 'hard', endsAtMs: now }] as const;
  const common = { accountId, tokens: 0n, modelLabels: [], cells: quotaCells };
  const ended = createId('hold', now);
  await ledger.hold({ ...common, holdId: ended, amountNanoUsd: 1n, leaseMs: 60_000 });
  await ledger.settle({ ...common, holdId: ended, amountNanoUsd: 1n });
  const allocations = [{ grantId: 'grant_live', amountNanoUsd: 1n }];
  const charge = { accountId, holdId: ended, allocations, debtNanoUsd: 0n, fallbackGrantIds: [] };
  await ledger.refund({ ...charge, refundId: 'refund_1' });
  await ledger.hold({ ...common, holdId: createId('hold', now), amountNanoUsd: 1n, leaseMs: 60_000 });

  const usd = 1_000_000_000n;
  const reload = { thresholdNanoUsd: usd, mode: 'fixed', amountNanoUsd: usd, monthlyCapNanoUsd: usd } as const;
  await ledger.setReload({ accountId, terms: { ...reload, hourlyCount: 1 } });
  await ledger.requestReload({ accountId, monthEndsAtMs: now + 86_400_000 });

  const journal = createRedisJournalSource(client);
  await journal.claim('one', 60_000);
  await journal.writeSinkCursor('files', accountId, 1);
  await journal.markExported(accountId, 1, now);
  await journal.trim(accountId, 1, '{}');

  const sums = createRedisReports(client);
  const cells = new Map([['cell', '1']]);
  const day = Math.floor(now / 86_400_000);
  const pages = [
    { kind: 'usage', day } as const,
    { kind: 'sessions', day } as const,
    { kind: 'keys', day } as const,
    { kind: 'statements' } as const,
  ];
  await sums.write(accountId, { fromSequence: 0, toSequence: 1, pages: pages.map((page) => ({ page, cells })) });

  const stored = createRedisStored(client);
  const batch = { accountId, keyId: 'key_a', requestId: 'req_a', createdAtMs: now, items: 1, customIdsDigest: '' };
  const record = { ...batch, id: 'batch_a', state: 'open', upstreamId: 'msgbatch_a', holds: [] } as const;
  await stored.addBatch(record, now);
  await stored.openBatch(record, now);
  await stored.addFile(accountId, 'file_a');

  const alerts = createRedisAlerts(client);
  const states = [{ level: '5', state: 'fired', firedAtMs: now }] as const;
  const notices = [{ id: 'notice', payload: '{}' }];
  await alerts.changeAlerts({ key: accountId, revision: '', states, notices, nowMs: now });
  await alerts.claimDue({ nowMs: now, leaseMs: 60_000, limit: 1 });
  await alerts.claimLook({ nowMs: now, everyMs: 60_000 });
  const attempt = { attempt: 1, result: 'failed', startedAtMs: now, endedAtMs: now, payload: '{}' } as const;
  await alerts.addDelivery({
    id: createId('delivery', now),
    noticeId: 'n',
    noticeType: 't',
    channelId: 'c',
    ...attempt,
  });
  for (const owner of [{}, { accountId }]) {
    const common = { ...owner, enabled: true, createdAtMs: now };
    const id = 'accountId' in owner ? 'of_account' : 'of_installation';
    const condition = { kind: 'burn_rate', factorThousandths: 1, minimumNanoUsd: 1n } as const;
    await alerts.rules.create({ ...common, id, condition, recovery: true, quietMs: 1 }, 10);
    const target = { type: 'slack', url: 'https://a.example' } as const;
    await alerts.channels.create({ ...common, id, name: 'n', target, isDefault: false, publicOnly: false }, 10);
  }
}

async function writeAudit(client: Redis): Promise<void> {
  const audit = createRedisAudit(client);
  const who = { actor: 'admin:0', accountId: 'acct_0' };
  const act = { ...who, atMs: 0, method: 'POST', route: '/', ids: {}, requestId: 'req_0', requested: {} };
  await audit.finish(await audit.begin(act), { outcome: 'done', status: 200, changes: [] });
}

async function writeDirectory(client: Redis, accountId: string): Promise<void> {
  const directory = await openRedisDirectory(client);
  await directory.createAccount({
    id: accountId,
    name: 'a',
    timezone: 'UTC',
    mode: 'prepaid',
    creditLimitNanoUsd: 0n,
    onDisconnect: 'drain',
    onExhausted: 'finish',
    lowBalanceNanoUsd: [5n],
    createdAtMs: 0,
  });
  const team = { id: createId('team', 0), accountId, name: 't', createdAtMs: 0 };
  await directory.createTeam(team);
  await directory.createMember({ id: createId('mem', 0), accountId, teamId: team.id, name: 'm', createdAtMs: 0 });
  const secret = { secretHash: 'h', hint: 'tg_abcd' };
  await directory.createKey({ id: createId('key', 0), accountId, name: 'k', ...secret, createdAtMs: 0 });
  await directory.createQuota({
    id: createId('quota', 0),
    accountId,
    scope: { type: 'team', id: team.id },
    window: 'day',
    measure: 'usd',
    limit: 5n,
    mode: 'hard',
    raises: [],
    createdAtMs: 0,
  });
  const token = { name: 't', role: 'viewer', secretHash: 'h', hint: 'tga_abcd', createdAtMs: 0 } as const;
  await directory.createToken({
    ...token,
    id: createId('token', 0),
    scope: { type: 'team', accountId, teamId: team.id },
  });
  const ofAll = { id: createId('token', 0), scope: { type: 'installation' }, secretHash: 'i' } as const;
  await directory.createToken({ ...token, ...ofAll });
  await directory.claimIdempotencyKey({ scope: 's', key: 'k', fingerprint: 'f', atMs: 0 });
  await directory.close();
}
