// Goal: with 10,000 keys and a year of usage the first page is small and there within a second.
// Method: the history is written through the product's own directory and ledger; Chromium counts what comes over the wire.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulatedApi, UPSTREAM_KEY } from '../support/simulated-api.ts';
import { spawnTollgate, type TollgateProcess, waitUntilRunning } from '../support/tollgate-process.ts';
import { openBrowser, signIn, type TestBrowser } from './browser.ts';
import { dollars } from './console-under-test.ts';
import { type History, seedHistory } from './seed-history.ts';

const TOKEN = 'tga_console-size-admin-token';
const BYTES_AT_MOST = 150_000;
const MS_AT_MOST = 1_000;

let folder: string;
let history: History;
let program: TollgateProcess;
let adminUrl: string;
let browser: TestBrowser;
let closeApi: () => Promise<void>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-console-size-'));
  const teams = Array.from({ length: 40 }, (_, index) => `Team ${index + 1}`);
  history = await seedHistory({
    dataFolder: folder,
    name: 'Large Ltd',
    teams,
    keys: 10_000,
    calls: 12_000,
    days: 365,
    creditUsd: 5_000n,
  });
  const api = await startSimulatedApi();
  closeApi = () => api.close();
  program = spawnTollgate(folder, {
    ADMIN_TOKEN: TOKEN,
    ANTHROPIC_API_KEY: UPSTREAM_KEY,
    UPSTREAM_BASE_URL: api.baseUrl,
  });
  ({ adminUrl } = await waitUntilRunning(program));
  browser = await openBrowser();
  await signIn(browser.page, adminUrl, TOKEN);
}, 300_000);

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  program?.signal('SIGKILL');
  await program?.ended;
  await closeApi?.();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens the first page with nothing kept, and waits until every part of it is there. */
async function measure(): Promise<{ bytes: number; ms: number }> {
  const { page, context } = browser;
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.clearBrowserCache');
  let bytes = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  const started = performance.now();
  await page.goto(adminUrl);
  await page.locator('.hero-amount data').waitFor();
  await page.locator('.chart svg .stack').first().waitFor();
  await page.locator('.top-list').nth(1).locator('li').nth(4).waitFor();
  const ms = performance.now() - started;
  await session.detach();
  return { bytes, ms };
}

test('the first page is under 150 KB and under a second, and its figures are the ledger’s', async () => {
  const measured: Awaited<ReturnType<typeof measure>>[] = [];
  // Other work on the machine can make one slow, and none quick.
  for (let round = 0; round < 10 && (round < 2 || measured.every(({ ms }) => ms >= MS_AT_MOST)); round += 1) {
    measured.push(await measure());
  }
  const said = `first page: ${JSON.stringify(measured)}`;
  expect(Math.min(...measured.map(({ ms }) => ms)), said).toBeLessThan(MS_AT_MOST);
  expect(Math.max(...measured.map(({ bytes }) => bytes)), said).toBeLessThan(BYTES_AT_MOST);
  const left = 5_025_000_000_000n - history.chargedNanoUsd;
  const shown = await browser.page.locator('.hero-amount data').getAttribute('value');
  expect(BigInt(shown?.replace('.', '').padEnd(13, '0') ?? 0)).toBe(left);
  await browser.page.getByText(dollars('25')).first().waitFor();
}, 120_000);

test('ten thousand keys are read part by part, and found by name', async () => {
  const { page } = browser;
  await page.goto(`${adminUrl}/teams`);
  await page.getByRole('button', { name: /Team 1 Team/ }).click();
  await page.getByRole('button', { name: 'Show more keys of Team 1' }).waitFor();
  expect(await page.getByRole('row').count()).toBeLessThan(200);
  await page.getByLabel(/Find a key/).fill('docs-writer-9999');
  await page.getByRole('button', { name: 'Find' }).click();
  const last = history.keys.length - 1;
  expect(last).toBe(9_999);
  await page.getByText('No key is called so').waitFor();
  await page.getByLabel(/Find a key/).fill('-9999');
  await page.getByRole('button', { name: 'Find' }).click();
  await page.getByRole('row', { name: /-9999/ }).waitFor();
}, 120_000);

test('a year by month and key has the dearest, and all of it in the sum', async () => {
  const { page } = browser;
  await page.goto(`${adminUrl}/usage?period=365&by=key`);
  const foot = page.getByRole('table', { name: 'Usage by key' }).locator('tfoot data').last();
  await foot.waitFor();
  expect(await page.getByRole('table', { name: 'Usage by key' }).locator('tbody tr').count()).toBe(101);
  const shown = await foot.getAttribute('value');
  expect(BigInt(`${shown}`.replace(/\.(\d+)$/, (_, places: string) => places.padEnd(9, '0')))).toBe(
    history.chargedNanoUsd,
  );
}, 120_000);
