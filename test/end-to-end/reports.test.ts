// Goal: what finance reads is what was charged, to the nano-dollar.
// Method: calls through the real process on each store, one of them given back; usage, statement, cost report and the
// exported files are added up and held against the balance.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { nano } from '../support/check-journal.ts';
import { describeOnEachStore } from '../support/each-store.ts';
import { startTollgate } from '../support/running-tollgate.ts';
import { until } from '../support/until.ts';

const CALLS = 6;

interface Usage {
  total: { requests: number; output_tokens: number; cost_usd: string; refunded_usd: string };
  data: { model: string; key_id: string; cost_usd: string }[];
}
interface Statement {
  granted_usd: string;
  charged_usd: string;
  refunded_usd: string;
  closing_usd: string;
}

describeOnEachStore('what finance reads', (store) => {
  test('is what was charged', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-reports-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    await using tollgate = await startTollgate({ ...store.options(), environment: { EXPORT_DIR: folder } });
    const { admin } = tollgate;
    const caller = await tollgate.createCaller({ creditUsd: '50' });
    const { accountId, keyId } = caller;
    for (let call = 0; call < CALLS; call += 1) {
      const model = call % 2 === 0 ? 'claude-opus-5' : 'claude-haiku-4-5';
      const messages = [{ role: 'user', content: `Write a limerick about toll road ${call}.` }];
      const answer = await tollgate.send(caller, { model, max_tokens: 50 + call, stream: call < 3, messages });
      expect(answer.status).toBe(200);
      await answer.text();
    }
    const path = `/accounts/${accountId}`;
    const settled = await until(async () => {
      const entries = (await admin.readJournal(accountId)).filter(({ operation }) => operation === 'settle');
      return entries.length === CALLS ? entries : undefined;
    });
    await admin.call('POST', `${path}/refunds`, { hold_id: settled[0]?.subject_id });

    const { balance } = await admin.readAccount(accountId);
    const charged = settled.reduce((sum, { amount_usd: amount }) => sum + nano(amount), 0n);
    const usage = await admin.call<Usage>('GET', `${path}/usage?group_by=model,key`);
    expect(usage.total.requests).toBe(CALLS);
    expect(usage.total.output_tokens).toBeGreaterThan(0);
    expect(nano(usage.total.cost_usd)).toBe(charged);
    expect(nano(usage.total.refunded_usd)).toBe(nano(settled[0]?.amount_usd ?? ''));
    expect(charged - nano(usage.total.refunded_usd)).toBe(nano(balance.charged_usd));
    expect(usage.data.every((row) => row.key_id === keyId)).toBe(true);
    expect(new Set(usage.data.map(({ model }) => model)).size).toBe(2);

    const own = await fetch(`${tollgate.baseUrl}/v1/balance`, { headers: { 'x-api-key': caller.secret } });
    const { spend } = (await own.json()) as { spend: { today_usd: string; month_usd: string } };
    expect([nano(spend.today_usd), nano(spend.month_usd)]).toEqual([
      nano(balance.charged_usd),
      nano(balance.charged_usd),
    ]);

    const month = new Date().toISOString().slice(0, 7);
    const statement = await admin.call<Statement>('GET', `${path}/statements/${month}`);
    expect(nano(statement.closing_usd)).toBe(
      nano(balance.available_usd) + nano(balance.held_usd) - nano(balance.debt_usd),
    );
    expect(nano(statement.charged_usd) - nano(statement.refunded_usd)).toBe(nano(balance.charged_usd));

    const since = `${new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`;
    const url = `${tollgate.adminUrl}/v1/organizations/cost_report?starting_at=${since}&group_by[]=description`;
    const report = await fetch(url, { headers: { 'x-api-key': tollgate.adminToken } });
    const { data } = (await report.json()) as { data: { results: { amount: string }[] }[] };
    const cents = data.flatMap(({ results }) => results.map(({ amount }) => amount));
    expect(cents.reduce((sum, amount) => sum + nanoOfCents(amount), 0n)).toBe(nano(balance.charged_usd));

    const minutes = await fetch(
      `${tollgate.adminUrl}/v1/organizations/usage_report/messages?bucket_width=1m&limit=1440&group_by[]=speed` +
        `&group_by[]=service_tier&group_by[]=context_window&starting_at=${new Date(Date.now() - 600_000).toISOString()}`,
      { headers: { 'x-api-key': tollgate.adminToken } },
    );
    const buckets = ((await minutes.json()) as { data: { results: Record<string, unknown>[] }[] }).data;
    const rows = buckets.flatMap(({ results }) => results);
    expect(rows.reduce((sum, row) => sum + Number(row.output_tokens), 0)).toBe(usage.total.output_tokens);
    const traits = { speed: 'standard', service_tier: 'standard', context_window: '0-200k' };
    for (const row of rows) expect(row).toMatchObject(traits);

    const last = (await admin.readJournal(accountId)).length;
    const exported = await until(() => {
      const lines = readdirSync(folder).flatMap((file) =>
        readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1),
      );
      const entries = lines.map((line) => JSON.parse(line)).filter((entry) => entry.accountId === accountId);
      return entries.length >= last ? entries : undefined;
    });
    expect(exported.map(({ sequence }) => sequence)).toEqual(Array.from({ length: last }, (_, index) => index + 1));
  });
});

/** Cents as a decimal string with up to seven places. */
function nanoOfCents(amount: string): bigint {
  const [whole = '0', places = ''] = amount.replace('-', '').split('.');
  const magnitude = BigInt(whole) * 10_000_000n + BigInt(places.padEnd(7, '0'));
  return amount.startsWith('-') ? -magnitude : magnitude;
}
