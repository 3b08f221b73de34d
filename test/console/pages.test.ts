// Goal: what each page shows is what the ledger has.
// Method: the real process, real calls by the vendor's client, Debian's Chromium; the same figures read by the admin API.
import { describe, expect, test } from 'vitest';
import type { AdminJournalEntry } from '../support/admin-calls.ts';
import { until } from '../support/until.ts';
import { dollars, HELLO, useConsole } from './console-under-test.ts';

const under = useConsole();
const main = () => under.page.getByRole('main');
const table = (name: string | RegExp) => under.page.getByRole('table', { name });
const readAccount = () => under.tollgate.admin.readAccount(under.caller.accountId);
const address = (path: string) => `${path}${path.includes('?') ? '&' : '?'}account=${under.caller.accountId}`;
const look = async (path: string) => {
  await under.signIn(under.tollgate.adminToken);
  await under.open(address(path));
};
/** The exact amount behind what is shown. */
const amounts = (selector: string) =>
  main()
    .locator(selector)
    .evaluateAll((found) => found.map((each) => each.getAttribute('value')));

describe('the operator', () => {
  test('overview: balance, spend, top teams and keys, and what is wrong are the ledger’s', async () => {
    await look('/');
    const { balance } = await readAccount();
    const hero = main().getByRole('region', { name: 'Balance' });
    await hero.getByText(dollars(balance.available_usd, 2, 'trunc')).waitFor();
    expect(await amounts('.hero-amount data')).toEqual([balance.available_usd]);
    const usage = await readUsage('bucket=day&group_by=model');
    await main().getByText('Spend per day').waitFor();
    expect((await amounts('.panel .figures data'))[0]).toBe(usage.total.cost_usd);
    await main().getByRole('button', { name: 'As a table' }).first().click();
    const rows = await table('Spend per day by model').getByRole('row').count();
    expect(rows).toBeGreaterThanOrEqual(31);
    await main().getByRole('link', { name: 'Platform' }).waitFor();
    await main().getByRole('link', { name: 'ada-laptop' }).waitFor();
    await main()
      .getByText(/5\.00 will expire unused/)
      .waitFor();
  });

  test('credits: grants in burn order with what is left, and the statement adds up', async () => {
    await look('/credits');
    const grants = await under.tollgate.admin.readGrants(under.caller.accountId);
    const rows = table('Grants in burn order').locator('tbody tr');
    await rows.first().waitFor();
    expect(await rows.count()).toBe(2);
    for (const [index, { remaining_usd }] of grants.entries()) {
      expect(await rows.nth(index).locator('data').nth(1).getAttribute('value')).toBe(remaining_usd);
    }
    await main().getByText('Closing').waitFor();
    const { balance } = await readAccount();
    const [closing] = (await amounts('.statement-sum data')).slice(-1);
    expect(closing).toBe(balance.available_usd);
  });

  test('teams and keys: the tree, with the limit that binds and what is used of it', async () => {
    await look('/teams');
    const tree = table(/Teams, members and keys/);
    await tree.getByRole('button', { name: /Platform/, expanded: false }).click();
    const row = tree.getByRole('row', { name: /ada-laptop/ });
    await row.waitFor();
    await row.getByText('$0.50 a month').waitFor();
    const [quota] = (
      await under.tollgate.admin.call<{ data: { used_usd: string }[] }>(
        'GET',
        `/accounts/${under.caller.accountId}/quotas`,
      )
    ).data;
    expect(await row.getByText(dollars(quota?.used_usd ?? '0')).count()).toBeGreaterThanOrEqual(1);
    await tree.getByRole('row', { name: /Ada Member/ }).waitFor();
    await tree.getByRole('row', { name: /ci-runner/ }).waitFor();
    await under.tollgate.admin.call('POST', `/accounts/${under.caller.accountId}/members`, { name: 'Freelancer' });
    await look('/teams');
    await tree.getByRole('button', { name: 'Without a team', expanded: false }).click();
    await tree.getByRole('row', { name: /Freelancer Member/ }).waitFor();
  });

  test('usage: tokens by class, cache savings and cost by model, team, member and key', async () => {
    for (const by of ['model', 'team', 'member', 'key']) {
      await look(`/usage?by=${by}`);
      const usage = await readUsage(`bucket=month&group_by=${by}`);
      const rows = table(`Usage by ${by}`).locator('tbody tr');
      await rows.first().waitFor();
      expect(await rows.count()).toBe(usage.data.length);
      const foot = table(`Usage by ${by}`).locator('tfoot data');
      expect(await foot.last().getAttribute('value')).toBe(usage.total.cost_usd);
      const saved = await foot.evaluateAll((all) => all.map((each) => each.getAttribute('value')));
      expect(saved).toContain(usage.total.cache_savings_usd);
      const shown = await table(`Usage by ${by}`).locator('tfoot').innerText();
      expect(shown).toContain(new Intl.NumberFormat('en-US').format(usage.total.cache_read_tokens));
    }
    const csv = await under.page.request.get(
      `${under.tollgate.adminUrl}${await main().getByRole('link', { name: 'As CSV' }).getAttribute('href')}`,
    );
    expect(await csv.text()).toMatch(/^starts_at,ends_at,key_id,requests/);
  });

  test('journal: entries with their receipts, and one call by its request id', async () => {
    await look('/journal');
    const entries = await under.tollgate.admin.readJournal(under.caller.accountId);
    const newest = entries.findLast(({ operation }) => operation === 'settle') as AdminJournalEntry;
    const row = table(/Journal entries/)
      .locator('tbody tr')
      .first();
    await row.waitFor();
    expect(await row.locator('th').innerText()).toBe(`${newest.sequence}`);
    expect(await row.locator('data').getAttribute('value')).toBe(newest.amount_usd);
    await row.getByRole('button', { name: 'Call charged' }).click();
    const receipt = table(`Receipt of entry ${newest.sequence}`);
    await receipt.waitFor();
    expect(await receipt.locator('tbody tr').count()).toBe(((newest.details?.receipt ?? []) as unknown[]).length);
    expect(await receipt.locator('tfoot data').getAttribute('value')).toBe(newest.amount_usd);

    await main()
      .getByLabel(/Find a call/)
      .fill(`${newest.details?.request_id}`);
    await main().getByRole('button', { name: 'Find', exact: true }).click();
    await main().getByText('Entries of one call').waitFor();
    await table(/Journal entries/)
      .getByText('Held')
      .waitFor();
    const found = await table(/Journal entries/)
      .locator('tbody > tr > th')
      .allInnerTexts();
    // The receipts in it are tables of their own.
    const sequences = found.filter((text) => /^\d+$/.test(text));
    expect(sequences).toHaveLength(2);
    expect(sequences).toContain(`${newest.sequence}`);
  });

  test('live: a call shows while it runs, with its hold and the tokens so far, and is gone when it ends', async () => {
    await look('/live');
    await main().getByText('Nothing is in flight').waitFor();
    under.tollgate.api.enqueue({
      kind: 'answer',
      answer: { text: 'toll '.repeat(200), deltas: 20 },
      delivery: { holdBefore: [15] },
    });
    const answer = under.tollgate.send(under.caller, { ...HELLO, stream: true });
    const call = await under.tollgate.nextCall();
    await call.held();
    const row = table('Calls in flight').locator('tbody tr').first();
    await row.waitFor();
    const { balance } = await readAccount();
    expect(await row.locator('data').getAttribute('value')).toBe(balance.held_usd);
    expect(await row.innerText()).toContain('claude-opus-5');
    expect(await row.innerText()).toContain('ada-laptop');
    await until(async () => Number(await row.locator('td').nth(3).innerText()) > 20 || undefined, {
      what: 'tokens are seen',
    });
    call.releaseAll();
    await (await answer).text();
    await main().getByText('Nothing is in flight').waitFor();
  });

  test('health: what the process says of itself', async () => {
    await look('/health');
    await main().getByText('Ready for calls').waitFor();
    await main().getByText('Takes writes').waitFor();
    const report = await under.tollgate.admin.call<{ rate_card: { version: string }; upstream: { address: string } }>(
      'GET',
      '/health-report',
    );
    await main().getByText(report.rate_card.version, { exact: true }).waitFor();
    await main().getByText(report.upstream.address).waitFor();
  });

  test('is told once that an account is not there, and finds the way to one that is', async () => {
    await under.signIn(under.tollgate.adminToken);
    await under.open('/credits?account=acct_01ARZ3NDEKTSV4RRFFQ69G5FAV');
    await main().getByText('There is no account acct_01ARZ3NDEKTSV4RRFFQ69G5FAV').waitFor();
    expect(await main().getByRole('alert').count()).toBe(0);
    expect(await under.page.getByText('Connection lost').count()).toBe(0);
    await main().getByRole('button', { name: 'To the first account' }).click();
    await table('Grants in burn order').locator('tbody tr').first().waitFor();
    await under.open('/nowhere');
    await main().getByRole('region', { name: 'Balance' }).waitFor();
  });

  test('chooses an account, and sees it by its address again', async () => {
    await look('/');
    await under.page.getByLabel('Account', { exact: true }).selectOption({ label: 'Other Ltd' });
    await under.page.getByRole('heading', { name: 'Other Ltd', level: 1 }).waitFor();
    expect(under.page.url()).toContain(under.other.accountId);
    await under.page.reload();
    await under.page.getByRole('heading', { name: 'Other Ltd', level: 1 }).waitFor();
    expect(await amounts('.hero-amount data')).toEqual(['7.00']);
  });
});

describe('who sees less', () => {
  test('a team lead sees his team’s usage and keys, no balance, and nothing of others', async () => {
    const scope = { type: 'team', account_id: under.caller.accountId, team_id: under.teamId };
    const { secret } = await under.tollgate.admin.call<{ secret: string }>('POST', '/tokens', {
      name: 'lead',
      role: 'admin',
      scope,
    });
    const refused: string[] = [];
    under.page.on('response', (response) => {
      if (response.status() >= 400) refused.push(response.url());
    });
    await under.signIn(secret);
    const links = await under.page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts();
    expect(links).toEqual(['Overview', 'Teams and keys', 'Usage', 'Live']);
    const usage = await readUsage(`bucket=day&team_id=${under.teamId}`);
    await main().locator('.hero-amount data').waitFor();
    expect(await amounts('.hero-amount data')).toEqual([usage.total.cost_usd]);
    await under.open('/teams');
    await under.page.getByRole('row', { name: /ada-laptop/ }).waitFor();
    expect(await under.page.getByText('Research').count()).toBe(0);
    // Limits of the account are not a team's to see, so none is denied; nor is anything asked for that it may not see.
    expect(await under.page.getByText('but the credit').count()).toBe(0);
    expect(await under.page.getByRole('row', { name: /Account/ }).count()).toBe(0);
    expect(refused).toEqual([]);
    for (const path of ['/credits', '/journal', '/health', `/?account=${under.other.accountId}`]) {
      await under.open(path);
      await under.page.getByRole('navigation', { name: 'Pages' }).waitFor();
      expect(await under.page.content()).not.toMatch(/Other Ltd|not-yours/);
    }
  });

  test('a developer signs in with the key and sees its own usage, quota and calls', async () => {
    await under.signIn(under.caller.secret);
    await under.page.getByRole('heading', { name: 'My usage' }).waitFor();
    const usage = await readUsage(`bucket=day&key_id=${under.caller.keyId}`);
    await main().locator('.hero-amount data').waitFor();
    expect(await amounts('.hero-amount data')).toEqual([usage.total.cost_usd]);
    await main().getByText('$0.50 a month').waitFor();
    const calls = table(/Journal entries/).locator('> tbody > tr');
    await calls.first().waitFor();
    expect(await calls.count()).toBe(usage.total.requests);
    await calls.first().getByRole('button').click();
    await under.page.getByRole('table', { name: /Receipt/ }).waitFor();
    expect(await under.page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts()).toEqual([
      'My usage',
    ]);
    expect(await under.page.content()).not.toMatch(/Other Ltd|not-yours|ci-runner/);
  });

  test('times and numbers are the reader’s own', async () => {
    const { openBrowser, signIn } = await import('./browser.ts');
    await using berlin = await openBrowser({ locale: 'de-DE', timezoneId: 'Asia/Kolkata' });
    await signIn(berlin.page, under.tollgate.adminUrl, under.tollgate.adminToken);
    await berlin.page.goto(`${under.tollgate.adminUrl}${address('/journal')}`);
    const row = berlin.page
      .getByRole('table', { name: /Journal entries/ })
      .locator('tbody tr')
      .first();
    await row.waitFor();
    const at = await row.locator('time').getAttribute('datetime');
    const expected = new Intl.DateTimeFormat('de-DE', {
      dateStyle: 'medium',
      timeStyle: 'short',
      timeZone: 'Asia/Kolkata',
    });
    expect(await row.locator('time').innerText()).toBe(expected.format(new Date(at ?? '')));
    expect(await row.locator('data').innerText()).toMatch(/,\d+\s\$/);
    await berlin.page.getByText('Times in Asia/Kolkata').or(berlin.page.getByText('Times in Asia/Calcutta')).waitFor();
  });
});

interface Usage {
  data: unknown[];
  total: { cost_usd: string; cache_savings_usd: string; cache_read_tokens: number; requests: number };
}

function readUsage(query: string): Promise<Usage> {
  const from = new Date(Date.now() - 29 * 86_400_000).toISOString();
  return under.tollgate.admin.call('GET', `/accounts/${under.caller.accountId}/usage?${query}&from=${from}`);
}
