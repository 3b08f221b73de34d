// Goal: each thing that can be done on a page is done at the server, once, and said so; what is refused is said by field.
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { HELLO, useConsole } from './console-under-test.ts';

const under = useConsole({
  environment: {
    RELOAD_WEBHOOK_URL: 'http://127.0.0.1:9/reloads',
    RELOAD_WEBHOOK_SECRET: `whsec_${'c2VjcmV0'.repeat(4)}`,
  },
});
const page = () => under.page;
const dialog = () => page().getByRole('dialog');
const button = (name: string | RegExp) => page().getByRole('button', { name });
const address = (path: string) => `${path}?account=${under.caller.accountId}`;
const call = <T>(method: string, path: string, body?: unknown) =>
  under.tollgate.admin.call<T>(method, `/accounts/${under.caller.accountId}${path}`, body);
const look = async (path: string) => {
  await under.signIn(under.tollgate.adminToken);
  await under.open(address(path));
};
const said = (text: string) => page().locator('#announcement').getByText(text).waitFor();
const statusOf = async (secret: string) =>
  (await under.tollgate.send({ ...under.caller, secret }, { ...HELLO, max_tokens: 20 })).status;
interface Named {
  id: string;
  name: string;
}
const list = async (path: string) => (await call<{ data: Named[] }>('GET', path)).data;

test('credit is added; what the server refuses stands beside its field', async () => {
  await look('/credits');
  await button('Add credit').first().click();
  await dialog().getByLabel('Amount in US dollars').fill('twelve');
  await dialog().getByRole('button', { name: 'Add credit' }).click();
  const field = dialog().getByLabel('Amount in US dollars');
  await until(async () => (await field.getAttribute('aria-invalid')) === 'true', { what: 'the field is marked' });
  const described = await field.getAttribute('aria-describedby');
  expect(
    await page()
      .locator(`[id="${described?.split(' ').at(-1)}"]`)
      .innerText(),
  ).toMatch(/^This must/);
  await field.fill('12.345678901');
  await dialog().getByLabel('Valid for days').fill('10');
  await dialog().getByRole('button', { name: 'Add credit' }).click();
  await said('The credit was added');
  const grants = await under.tollgate.admin.readGrants(under.caller.accountId);
  expect(grants.map(({ amount_usd }) => amount_usd)).toContain('12.345678901');
  await page()
    .getByRole('table', { name: 'Grants in burn order' })
    .locator('data[value="12.345678901"]')
    .first()
    .waitFor();
});

test('a press too many grants once', async () => {
  await look('/credits');
  await button('Add credit').first().click();
  await dialog().getByLabel('Amount in US dollars').fill('3.33');
  const submit = dialog().getByRole('button', { name: 'Add credit' });
  await submit.dblclick();
  await said('The credit was added');
  const grants = await under.tollgate.admin.readGrants(under.caller.accountId);
  expect(grants.filter(({ amount_usd }) => amount_usd === '3.33')).toHaveLength(1);
});

test('credit is taken back, after it was asked again', async () => {
  await call('POST', '/grants', { amount_usd: '4.44', kind: 'promotional', priority: 99 });
  await look('/credits');
  await button('Take back the grant of $4.44').click();
  await dialog().getByRole('button', { name: 'Cancel' }).click();
  await button('Take back the grant of $4.44').click();
  await dialog().getByRole('button', { name: 'Take it back' }).click();
  await said('The credit was taken back');
  const grants = await under.tollgate.admin.readGrants(under.caller.accountId);
  expect(grants.find(({ amount_usd }) => amount_usd === '4.44')).toMatchObject({
    voided_usd: '4.44',
    remaining_usd: '0.00',
  });
});

test('a team and a member are made', async () => {
  await look('/teams');
  await button('New team').click();
  await dialog().getByLabel('Name').fill('Support');
  await dialog().getByRole('button', { name: 'Make team' }).click();
  await said('The team was made');
  await button('New member').click();
  await dialog().getByLabel('Name').fill('Grace');
  await dialog().getByLabel('Email').fill('no address');
  await dialog().getByLabel('Team').selectOption({ label: 'Support' });
  await dialog().getByRole('button', { name: 'Make member' }).click();
  await dialog().locator('.field-error').waitFor();
  await dialog().getByLabel('Email').fill('grace@example.com');
  await dialog().getByRole('button', { name: 'Make member' }).click();
  await said('The member was made');
  const team = (await list('/teams')).find(({ name }) => name === 'Support');
  expect((await list(`/members?team_id=${team?.id}`)).map(({ name }) => name)).toEqual(['Grace']);
  await button(/Support Team/).click();
  await page().getByRole('row', { name: /Grace/ }).waitFor();
});

test('a key is made: its secret is shown once, works, and its client settings can be pasted', async () => {
  await look('/teams');
  await button('New key of Platform')
    .or(button(/^New key$/))
    .last()
    .click();
  await dialog().getByLabel('Name').fill('new-laptop');
  await dialog().getByLabel('Team').selectOption({ label: 'Platform' });
  await dialog().getByRole('button', { name: 'Make key' }).click();
  const secret = await dialog().getByLabel('the secret', { exact: true }).inputValue();
  expect(secret).toMatch(/^tg_[\w-]{43}$/);
  expect(await statusOf(secret)).toBe(200);
  for (const [name, wanted] of [
    ['TypeScript', 'new Anthropic'],
    ['Python', 'base_url='],
    ['Claude Code', 'ANTHROPIC_AUTH_TOKEN='],
    ['curl', '/v1/messages'],
  ] as const) {
    await dialog().getByRole('tab', { name }).click();
    const settings = await dialog().getByLabel(`settings for ${name}`, { exact: true }).inputValue();
    expect(settings).toContain(wanted);
    expect(settings).toContain(secret);
    expect(settings).toContain(under.tollgate.baseUrl);
  }
  await page().keyboard.press('Escape');
  expect(await dialog().isVisible()).toBe(true);
  await under.browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await dialog().getByRole('button', { name: 'Copy the secret' }).click();
  await dialog().getByRole('button', { name: 'Copy the secret' }).getByText('Copied').waitFor();
  expect(await page().evaluate('navigator.clipboard.readText()')).toBe(secret);
  await dialog().getByRole('button', { name: 'I have it' }).click();
  expect(await page().content()).not.toContain(secret);
});

test('a key is rotated with a grace, and revoked for good', async () => {
  const made = await call<{ id: string; secret: string }>('POST', '/keys', { name: 'to-end' });
  await look('/teams');
  await page()
    .getByLabel(/Find a key/)
    .fill('to-end');
  await button('Find').click();
  await button('Rotate the key to-end').click();
  await dialog().getByLabel('The old secret').selectOption({ label: 'Works for one hour more' });
  await dialog().getByRole('button', { name: 'Make a new secret' }).click();
  const secret = await dialog().getByLabel('the secret', { exact: true }).inputValue();
  expect(secret).not.toBe(made.secret);
  expect([await statusOf(made.secret), await statusOf(secret)]).toEqual([200, 200]);
  await dialog().getByRole('button', { name: 'I have it' }).click();
  await button('Revoke the key to-end').click();
  await dialog().getByRole('button', { name: 'Revoke it for good' }).click();
  await said('The key was revoked');
  await until(async () => (await statusOf(secret)) === 401, { what: 'the key is refused' });
  await page()
    .getByRole('row', { name: /to-end.*revoked/ })
    .waitFor();
});

test('a limit is added and removed, and what it says is what the server keeps', async () => {
  await look('/teams');
  await button('Limits of Research').click();
  await dialog().getByLabel('At most').fill('much');
  await dialog().getByRole('button', { name: 'Add limit' }).click();
  await dialog().locator('.field-error').waitFor();
  await dialog().getByLabel('At most').fill('7.50');
  await dialog().getByLabel('In', { exact: true }).selectOption('day');
  await dialog().getByRole('button', { name: 'Add limit' }).click();
  await dialog().getByText('$7.50 a day', { exact: true }).waitFor();
  const quotas = async () => (await call<{ data: { limit_usd?: string; window: string }[] }>('GET', '/quotas')).data;
  expect(await quotas()).toContainEqual(expect.objectContaining({ limit_usd: '7.50', window: 'day' }));
  await dialog().getByRole('button', { name: 'Remove the limit of $7.50 a day' }).click();
  await dialog().getByRole('button', { name: 'Remove the limit of $7.50 a day, really' }).click();
  await dialog().getByText('There is none on it').waitFor();
  expect((await quotas()).some(({ limit_usd }) => limit_usd === '7.50')).toBe(false);
});

test('an account is made, and is the one in view then', async () => {
  await look('/');
  await button('New account').click();
  await dialog().getByLabel('Name').fill('Third Ltd');
  await dialog().getByLabel('Time zone').fill('Mars/Base');
  await dialog().getByRole('button', { name: 'Make account' }).click();
  await dialog().locator('.field-error').waitFor();
  await dialog().getByLabel('Time zone').fill('Asia/Tokyo');
  await dialog().getByRole('button', { name: 'Make account' }).click();
  await page().getByRole('heading', { name: 'Third Ltd', level: 1 }).waitFor();
  await page().getByText('The credit is used up').waitFor();
});

test('signing out shows nothing of the account any more, on the way back neither', async () => {
  await look('/credits');
  await page().getByRole('table', { name: 'Grants in burn order' }).waitFor();
  await button('Sign out').click();
  await page().getByLabel('Token or API key').waitFor();
  await page().goBack();
  await page().getByLabel('Token or API key').waitFor();
  expect(await page().content()).not.toContain('Acme');
});

test('a session whose token is revoked is told so, and shows the way in again', async () => {
  const scope = { type: 'account', account_id: under.caller.accountId };
  const token = await under.tollgate.admin.call<{ id: string; secret: string }>('POST', '/tokens', {
    name: 't',
    role: 'viewer',
    scope,
  });
  await under.signIn(token.secret);
  await under.tollgate.admin.call('POST', `/tokens/${token.id}/revoke`, {});
  await page().getByLabel('Token or API key').waitFor();
  expect(await page().content()).not.toContain('Acme');
});

test('one session after the other in the same browser sees nothing of the one before', async () => {
  await look('/');
  await page().getByRole('heading', { name: 'Acme', level: 1 }).waitFor();
  await button('Sign out').click();
  await page().getByLabel('Token or API key').fill(under.other.secret);
  await button('Sign in').click();
  await page().getByRole('heading', { name: 'My usage' }).waitFor();
  await page().getByText('Left in Other Ltd').waitFor();
  expect(await page().content()).not.toMatch(/Acme|ada-laptop/);
  const answer = await page().request.get(`${under.tollgate.adminUrl}/admin/v1/accounts/${under.caller.accountId}`);
  expect(answer.status()).toBe(401);
});

test('tabs share one session: each shows whose it is now, and nothing of the one before', async () => {
  await under.browser.context.clearCookies();
  const second = await under.browser.context.newPage();
  await second.goto(under.tollgate.adminUrl);
  await second.getByLabel('Token or API key').waitFor();
  await look('/credits');
  await page().getByRole('table', { name: 'Grants in burn order' }).waitFor();
  await second.getByRole('button', { name: 'Sign out' }).click();
  await second.getByLabel('Token or API key').fill(under.other.secret);
  let loads = 0;
  second.on('load', () => {
    loads += 1;
  });
  await second.getByRole('button', { name: 'Sign in' }).click();
  await second.getByRole('heading', { name: 'My usage' }).waitFor();
  await page().getByRole('heading', { name: 'My usage' }).waitFor();
  expect(await page().content()).not.toMatch(/Acme|Grants/);
  // The tab that signed in is not told of itself, and loads no second time.
  expect(loads).toBe(0);
  await second.close();
});

test('a wrong token is refused in words', async () => {
  await under.browser.context.clearCookies();
  await page().goto(under.tollgate.adminUrl);
  await page().getByLabel('Token or API key').fill('tg_nonsense');
  await button('Sign in').click();
  await page().getByRole('alert').getByText('This is no token').waitFor();
});

test('the appearance is chosen and kept', async () => {
  await look('/');
  const ground = () => page().evaluate('getComputedStyle(document.body).backgroundColor');
  const light = await ground();
  await page().getByLabel('Appearance').selectOption('dark');
  await until(async () => (await ground()) !== light, { what: 'the page is dark' });
  await page().reload();
  await page().getByLabel('Appearance').waitFor();
  expect(await ground()).not.toBe(light);
  await page().getByLabel('Appearance').selectOption('auto');
});

test('auto-reload is turned on by the threshold that is proposed or another, and off again', async () => {
  await look('/credits');
  await button('Turn on').click();
  await dialog().getByLabel('When the balance falls below').fill('9.00');
  await dialog().getByLabel('Amount').fill('nothing');
  await dialog().getByRole('button', { name: 'Turn on' }).click();
  await dialog().locator('.field-error').first().waitFor();
  await dialog().getByLabel('Amount').fill('15.00');
  await dialog().getByLabel('At most in a month').fill('100.00');
  await dialog().getByRole('button', { name: 'Turn on' }).click();
  await said('Auto-reload is on');
  const read = () => call<Record<string, unknown>>('GET', '/auto-reload');
  expect(await read()).toMatchObject({
    enabled: true,
    threshold_usd: '9.00',
    amount_usd: '15.00',
    monthly_cap_usd: '100.00',
  });
  await page().getByText('On: when the balance falls below').waitFor();
  await button('Turn off').click();
  await dialog().getByRole('button', { name: 'Turn it off' }).click();
  await said('Auto-reload is off');
  expect(await read()).toMatchObject({ enabled: false });
});

test('a rule is made, turned off and removed, and the built-in ones are shown', async () => {
  await look('/alerts');
  await button('New rule').click();
  await dialog().getByLabel('Below, in US dollars').fill('lots');
  await dialog().getByRole('button', { name: 'Make rule' }).click();
  await dialog().locator('.field-error').waitFor();
  await dialog().getByLabel('Below, in US dollars').fill('1000');
  await dialog().getByRole('button', { name: 'Make rule' }).click();
  await said('The rule is in force');
  const { data } = await call<{ data: { kind: string; amount_usd?: string }[] }>('GET', '/alerts');
  expect(data).toContainEqual(expect.objectContaining({ kind: 'balance_low', amount_usd: '1000.00' }));
  const row = page().getByRole('row', { name: /below \$1,000\.00/ });
  await row.waitFor();
  await row.getByRole('button', { name: /^Turn off/ }).click();
  await dialog().getByRole('button', { name: 'Turn it off' }).click();
  await said('The rule is off');
  await page()
    .getByRole('row', { name: /below \$1,000\.00.*off/ })
    .getByRole('button', { name: /^Remove/ })
    .click();
  await dialog().getByRole('button', { name: 'Remove it' }).click();
  await said('The rule was removed');
  await page()
    .getByRole('table', { name: 'Rules of the installation' })
    .getByText('Books and journal differ')
    .waitFor();
});

test('a channel of an account is made: its secret is shown once, and a test says what came of it', async () => {
  await look('/alerts');
  await page().getByRole('button', { name: 'New channel', exact: true }).click();
  await dialog().getByLabel('Name', { exact: true }).fill('ops hook');
  await dialog().getByLabel('Address').fill('no address');
  await dialog().getByRole('button', { name: 'Make channel' }).click();
  await dialog().locator('.field-error').first().waitFor();
  await dialog().getByLabel('Address').fill('https://alerts.example.com/hook');
  await dialog().getByRole('button', { name: 'Make channel' }).click();
  expect(await dialog().getByLabel('the secret', { exact: true }).inputValue()).toMatch(/^whsec_/);
  await dialog().getByRole('button', { name: 'I have it' }).click();
  await page().getByRole('table', { name: 'Channels', exact: true }).getByText('ops hook').waitFor();
  await button('Send a test to ops hook').click();
  await page()
    .locator('#announcement')
    .getByText(/did not reach ops hook/)
    .waitFor();
  const deliveries = page().getByRole('table', { name: 'Deliveries', exact: true });
  await deliveries
    .getByText(/failed|abandoned/)
    .first()
    .waitFor();
  await deliveries
    .getByRole('button', { name: /again$/ })
    .first()
    .click();
  await page()
    .locator('#announcement')
    .getByText(/could not be told|again/)
    .waitFor();
  await button('Remove the channel ops hook').click();
  await dialog().getByRole('button', { name: 'Remove it' }).click();
  await said('The channel was removed');
});

test('the operator has the channels of the installation, tests them and sees all that was told', async () => {
  await look('/alerts');
  await button('New channel of the installation').click();
  await dialog().getByLabel('Name', { exact: true }).fill('on call');
  await dialog().getByLabel('Address').fill('http://127.0.0.1:9/on-call');
  await dialog().getByRole('button', { name: 'Make channel' }).click();
  await dialog().getByRole('button', { name: 'I have it' }).click();
  const { data } = await under.tollgate.admin.call<{ data: object[] }>('GET', '/alert-channels');
  expect(data).toContainEqual(expect.objectContaining({ name: 'on call', account_id: null }));
  const channels = page().getByRole('table', { name: 'Channels of the installation' });
  await channels.getByRole('button', { name: 'Send a test to on call' }).click();
  await page()
    .locator('#announcement')
    .getByText(/did not reach on call/)
    .waitFor();
  await page()
    .getByRole('table', { name: 'All deliveries' })
    .getByRole('row', { name: /test.*on call/ })
    .waitFor();
  await channels.getByRole('button', { name: 'Remove the channel on call' }).click();
  await dialog().getByRole('button', { name: 'Remove it' }).click();
  await said('The channel was removed');
  await channels.getByText('on call').waitFor({ state: 'hidden' });
});
