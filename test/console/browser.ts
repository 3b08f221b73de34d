import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/google-chrome'];
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface BrowserOptions {
  width?: number;
  height?: number;
  colorScheme?: 'light' | 'dark';
  timezoneId?: string;
  locale?: string;
}

/** A real browser with a profile of its own. What a page complains about is kept. */
export interface TestBrowser extends AsyncDisposable {
  context: BrowserContext;
  page: Page;
  /** Errors of scripts, broken rules of the content security policy, requests to other hosts. */
  complaints: string[];
}

export async function openBrowser(options: BrowserOptions = {}): Promise<TestBrowser> {
  const { width = 1280, height = 900, colorScheme = 'light', timezoneId = 'Europe/Berlin', locale = 'en-US' } = options;
  const profile = mkdtempSync(join(tmpdir(), 'tollgate-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: PROGRAMS[0] as string,
    headless: true,
    args: FLAGS,
    viewport: { width, height },
    colorScheme,
    timezoneId,
    locale,
    reducedMotion: 'reduce',
  });
  const complaints: string[] = [];
  const watch = (page: Page): void => {
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('console', (message) => {
      // A refused call is the page's to show.
      if (message.type() === 'error' && !/status of (4|5)\d\d/.test(message.text())) complaints.push(message.text());
    });
    page.on('request', (request) => {
      const { hostname, protocol } = new URL(request.url());
      if (protocol !== 'data:' && hostname !== '127.0.0.1') complaints.push(`a request to ${hostname}`);
    });
  };
  context.on('page', watch);
  const page = context.pages()[0] ?? (await context.newPage());
  watch(page);
  return {
    context,
    page,
    complaints,
    async [Symbol.asyncDispose]() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Signs in on the page that is open, or on the first one. */
export async function signIn(page: Page, adminUrl: string, secret: string): Promise<void> {
  await page.goto(adminUrl);
  await page.getByLabel('Token or API key').fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#content').waitFor();
}
