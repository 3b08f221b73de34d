import Anthropic from '@anthropic-ai/sdk';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Caller } from '../support/admin-calls.ts';
import { type RunningTollgate, type RunningTollgateOptions, startTollgate } from '../support/running-tollgate.ts';
import { until } from '../support/until.ts';
import { type BrowserOptions, openBrowser, signIn, type TestBrowser } from './browser.ts';

/** A running Tollgate that has been called, and a browser in front of its console. */
export interface ConsoleUnderTest {
  readonly tollgate: RunningTollgate;
  readonly browser: TestBrowser;
  readonly page: Page;
  /** An account with a team, a member, a limit and real calls behind it. */
  readonly caller: Caller;
  readonly teamId: string;
  readonly memberId: string;
  /** Another account, of which nobody but the operator may see anything. */
  readonly other: Caller;
  /** Signs in with a fresh profile of cookies. */
  signIn(secret: string): Promise<void>;
  /** Opens a page of the console by its address. */
  open(path: string): Promise<void>;
}

/** Amounts in the currency format of the browser's language, to the places shown. */
export const dollars = (usd: string, places = 2, roundingMode = 'halfExpand'): string =>
  new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency: 'USD',
    minimumFractionDigits: 2,
    maximumFractionDigits: places,
    roundingMode,
  } as Intl.NumberFormatOptions).format(usd as unknown as number);

export const HELLO = {
  model: 'claude-opus-5',
  max_tokens: 300,
  messages: [{ role: 'user' as const, content: 'Say something about toll roads.' }],
};

/** Starts both for all tests of a file. What a page complains about by itself fails them at the end. */
export function useConsole(options: RunningTollgateOptions & { browser?: BrowserOptions } = {}): ConsoleUnderTest {
  const parts = {} as { -readonly [part in keyof ConsoleUnderTest]: ConsoleUnderTest[part] };
  beforeAll(async () => {
    parts.tollgate = await startTollgate(options);
    parts.browser = await openBrowser(options.browser);
    parts.page = parts.browser.page;
    Object.assign(parts, await makeTraffic(parts.tollgate));
    parts.signIn = async (secret) => {
      await parts.browser.context.clearCookies();
      await signIn(parts.page, parts.tollgate.adminUrl, secret);
    };
    parts.open = async (path) => {
      await parts.page.goto(`${parts.tollgate.adminUrl}${path}`);
      await parts.page.getByRole('main').waitFor();
    };
  });
  afterAll(async () => {
    await parts.browser?.[Symbol.asyncDispose]();
    await parts.tollgate?.[Symbol.asyncDispose]();
    expect(parts.browser?.complaints).toEqual([]);
  });
  return parts;
}

async function makeTraffic(tollgate: RunningTollgate) {
  const other = await tollgate.createCaller({ name: 'Other Ltd', creditUsd: '7', key: { name: 'not-yours' } });
  const account = await tollgate.admin.call<{ id: string }>('POST', '/accounts', {
    name: 'Acme',
    timezone: 'Europe/Berlin',
    low_balance_usd: ['20.00'],
  });
  const base = `/accounts/${account.id}`;
  const { admin } = tollgate;
  await admin.call('POST', `${base}/grants`, { amount_usd: '25', kind: 'paid', valid_days: 90 });
  await admin.call('POST', `${base}/grants`, { amount_usd: '5', kind: 'promotional', valid_days: 3, priority: 60 });
  const team = await admin.call<{ id: string }>('POST', `${base}/teams`, { name: 'Platform' });
  await admin.call('POST', `${base}/teams`, { name: 'Research' });
  const member = await admin.call<{ id: string }>('POST', `${base}/members`, { name: 'Ada', team_id: team.id });
  const key = await admin.call<{ id: string; secret: string }>('POST', `${base}/keys`, {
    name: 'ada-laptop',
    member_id: member.id,
  });
  await admin.call('POST', `${base}/keys`, { name: 'ci-runner', team_id: team.id });
  const quota = { scope: { type: 'key', id: key.id }, window: 'month', limit_usd: '0.50' };
  await admin.call('POST', `${base}/quotas`, quota);
  const caller = { accountId: account.id, keyId: key.id, secret: key.secret };
  await callWithSdk(tollgate, caller);
  return { caller, other, teamId: team.id, memberId: member.id };
}

/** A few real calls by the vendor's own client: streamed and whole, by two models, with a cache. */
async function callWithSdk(tollgate: RunningTollgate, caller: Caller): Promise<void> {
  const client = new Anthropic({ apiKey: caller.secret, authToken: null, baseURL: tollgate.baseUrl, maxRetries: 0 });
  for (let index = 0; index < 3; index += 1) await client.messages.create(HELLO);
  await client.messages.stream({ ...HELLO, model: 'claude-haiku-4-5' }).finalMessage();
  const cached = {
    type: 'text' as const,
    text: 'Toll roads have rules. '.repeat(400),
    cache_control: { type: 'ephemeral' as const },
  };
  for (let index = 0; index < 2; index += 1) await client.messages.create({ ...HELLO, system: [cached] });
  for (let index = 0; index < 6; index += 1) await tollgate.nextCall();
  await until(
    async () => (await tollgate.admin.readAccount(caller.accountId)).balance.held_usd === '0.00' || undefined,
    { what: 'every call is settled' },
  );
}
