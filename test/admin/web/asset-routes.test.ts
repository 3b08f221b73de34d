import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONSOLE_PAGES } from '../../../src/admin/web/asset-routes.ts';
import { loadConsoleAssets } from '../../../src/admin/web/console-assets.ts';
import { type AdminUnderTest, openAdmin } from '../admin-under-test.ts';

let admin: AdminUnderTest;
beforeAll(async () => {
  admin = await openAdmin();
});
afterAll(() => admin.close());

const read = (url: string, encoding = 'identity') =>
  admin.app.inject({ url, headers: { 'accept-encoding': encoding } });

/** Every file that the page names, and every one that these import. */
async function followAll(): Promise<Map<string, string>> {
  const { body } = await read('/');
  const found = new Map<string, string>();
  const follow = async (url: string): Promise<void> => {
    if (found.has(url)) return;
    const answer = await read(url);
    expect([url, answer.statusCode]).toEqual([url, 200]);
    found.set(url, answer.body);
    const imports = [...answer.body.matchAll(/\b(?:from|import)\s*\(?\s*(["'])([\w@./-]+)\1/g)].map(
      ([, , name]) => name!,
    );
    for (const name of imports) {
      // A line of code that the page shows to people is none of its own.
      if (!url.endsWith('.js') || name === '@anthropic-ai/sdk') continue;
      expect([url, name.startsWith('.')]).toEqual([url, true]);
      await follow(new URL(name, `http://host${url}`).pathname);
    }
  };
  for (const [, url] of body.matchAll(/(?:href|src)="(\/console[^"]+)"/g)) await follow(url!);
  return found;
}

test('each page is the same document, under a policy that lets nothing in that is not ours', async () => {
  const { body } = await read('/');
  for (const url of CONSOLE_PAGES) {
    const answer = await read(url);
    expect([url, answer.statusCode, answer.body === body]).toEqual([url, 200, true]);
    const policy = `${answer.headers['content-security-policy']}`;
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
  }
  // Nothing inline: the policy would stop it.
  expect(body).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
});

test('every file that is named anywhere is there, and none names another host', async () => {
  const files = await followAll();
  expect(files.size).toBeGreaterThan(40);
  for (const [url, text] of files) {
    const addresses = [...text.matchAll(/https?:\/\/[^\s'"`)<]+/g)].map(([address]) => address);
    const foreign = addresses.filter((address) => !/^http:\/\/www\.w3\.org\//.test(address));
    expect([url, foreign]).toEqual([url, []]);
    if (url.endsWith('.js')) expect([url, /:\s*VNode\b|\binterface\s/.test(text)]).toEqual([url, false]);
  }
});

test('files may be kept for ever under their version, and are pressed', async () => {
  const { version } = loadConsoleAssets();
  const url = `/console/assets/${version}/main.js`;
  const plain = await read(url);
  expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  expect(plain.headers['content-type']).toBe('text/javascript; charset=utf-8');
  for (const [encoding, unpack] of [
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const) {
    const pressed = await read(url, `${encoding}, deflate`);
    expect(pressed.headers).toMatchObject({ 'content-encoding': encoding, vary: 'accept-encoding' });
    expect(unpack(pressed.rawPayload).toString()).toBe(plain.body);
  }
});

test.each([
  '/console/assets/000000000000/main.js',
  '/console/assets/VERSION/nothing.js',
  '/console/assets/VERSION/../../../package.json',
  '/console/assets/VERSION/..%2f..%2fpackage.json',
  '/console/assets/VERSION/main.ts',
  '/console/assets/VERSION/__proto__',
])('%s is not found', async (url) => {
  const { version } = loadConsoleAssets();
  expect((await read(url.replace('VERSION', version))).statusCode).toBe(404);
});

test('an address that is no page shows the console, as not found, to browsers and to nobody else', async () => {
  const { body } = await read('/');
  const visit = (url: string, accept = 'text/html,application/xhtml+xml') =>
    admin.app.inject({ url, headers: { accept, 'accept-encoding': 'identity' } });
  const found = await visit('/acounts?account=acct_x');
  expect([found.statusCode, found.body === body]).toEqual([404, true]);
  expect(found.headers['content-security-policy']).toContain("default-src 'none'");
  const others = [
    await visit('/acounts', 'application/json'),
    await visit('/admin/v1/nothing'),
    await visit('/v1/nothing'),
    await visit('/console/nothing'),
    await admin.app.inject({ url: '/acounts', method: 'POST', headers: { accept: 'text/html' } }),
  ];
  for (const answer of others) {
    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  }
});
