// Goal: a screen reader, a keyboard and a phone get everything.
// Method: axe-core on every page and dialog, light and dark, wide and narrow; and the keyboard alone.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { useConsole } from './console-under-test.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const under = useConsole();
const page = () => under.page;
const address = (path: string) => `${path}${path.includes('?') ? '&' : '?'}account=${under.caller.accountId}`;

interface Fault {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

/** What axe finds serious or critical, one line each. */
async function findFaults(): Promise<string[]> {
  await page().evaluate(AXE);
  const tags = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']";
  const { violations } = await page().evaluate<{ violations: Fault[] }>(
    `axe.run(document, { runOnly: { type: 'tag', values: ${tags} } })`,
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    );
}

const READY: [path: string, text: string | RegExp][] = [
  ['/', 'Top keys'],
  ['/credits', 'Closing'],
  ['/teams', 'Platform'],
  ['/usage', 'All'],
  ['/usage?by=key&period=own&from=2026-01-01', 'All'],
  ['/journal', 'Call charged'],
  ['/live', 'Nothing is in flight'],
  ['/alerts', 'Books and journal differ'],
  ['/health', 'Ready for calls'],
];

/** WCAG 2.2, 1.4.10: nothing is to be scrolled in two directions at this width. */
const NARROW = 320;

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  test.each(READY)('%s has no serious fault, wide or narrow', async (path, text) => {
    await page().emulateMedia({ colorScheme });
    await under.signIn(under.tollgate.adminToken);
    for (const width of [1280, NARROW]) {
      await page().setViewportSize({ width, height: 900 });
      await under.open(address(path));
      await page()
        .getByRole('main')
        .getByText(text)
        .first()
        .waitFor()
        .catch(() => undefined);
      expect([path, width, await findFaults()]).toEqual([path, width, []]);
      // The page itself is never wider than the phone: what is wide scrolls within itself.
      expect([path, width, await page().evaluate('document.documentElement.scrollWidth')]).toEqual([
        path,
        width,
        width,
      ]);
    }
    await page().setViewportSize({ width: 1280, height: 900 });
  });

  test('the sign-in and a key holder’s page have none', async () => {
    await page().emulateMedia({ colorScheme });
    await under.browser.context.clearCookies();
    await page().goto(under.tollgate.adminUrl);
    await page().getByLabel('Token or API key').waitFor();
    expect(await findFaults()).toEqual([]);
    await under.signIn(under.caller.secret);
    await page().getByText('Client settings').waitFor();
    await page().getByText('Call charged').first().waitFor();
    expect(await findFaults()).toEqual([]);
    await page().setViewportSize({ width: NARROW, height: 900 });
    expect(await page().evaluate('document.documentElement.scrollWidth')).toBe(NARROW);
    await page().setViewportSize({ width: 1280, height: 900 });
  });

  test.each([
    ['/credits', 'Add credit'],
    ['/teams', 'New key'],
    ['/teams', 'Limits of Platform'],
    ['/teams', 'New member'],
  ])('the dialog of %s, %s, has none', async (path, name) => {
    await page().emulateMedia({ colorScheme });
    await under.signIn(under.tollgate.adminToken);
    await under.open(address(path));
    await page().getByRole('button', { name, exact: true }).first().click();
    await page().getByRole('dialog').waitFor();
    expect(await findFaults()).toEqual([]);
  });
});

test('with the keyboard alone: past the menu, into a dialog, out of it, and back to where one was', async () => {
  await under.signIn(under.tollgate.adminToken);
  await under.open(address('/credits'));
  await page().getByRole('table', { name: 'Grants in burn order' }).waitFor();
  const focused = () => page().evaluate<string>('document.activeElement.textContent.trim()');
  await page().keyboard.press('Tab');
  expect(await focused()).toBe('To the content');
  await page().keyboard.press('Enter');
  expect(await page().evaluate('document.activeElement.id')).toBe('content');
  await page().keyboard.press('Tab');
  expect(await focused()).toBe('Add credit');
  await page().keyboard.press('Enter');
  await page().getByRole('dialog').waitFor();
  expect(await page().evaluate('document.activeElement.name')).toBe('amount_usd');
  await page().keyboard.press('Escape');
  await page().getByRole('dialog').waitFor({ state: 'hidden' });
  // Given back once the dialog has left the page.
  await until(async () => (await focused()) === 'Add credit');
});

test('headings of a table sort it, and say so', async () => {
  await under.signIn(under.tollgate.adminToken);
  await under.open(address('/usage'));
  const table = page().getByRole('table', { name: 'Usage by model' });
  await table.getByRole('button', { name: 'Calls' }).press('Enter');
  expect(await table.getByRole('columnheader', { name: 'Calls' }).getAttribute('aria-sort')).toBe('descending');
  const counts = (await table.locator('tbody tr td:nth-child(2)').allInnerTexts()).map(Number);
  expect(counts).toEqual(counts.toSorted((one, other) => other - one));
});

test('on a phone the menu opens and leads on', async () => {
  await page().setViewportSize({ width: 360, height: 740 });
  await under.signIn(under.tollgate.adminToken);
  await page().getByRole('button', { name: 'Menu' }).click();
  await page().getByRole('link', { name: 'Credits' }).click();
  await page().getByRole('heading', { name: 'Credits', level: 1 }).waitFor();
  expect(await page().getByRole('link', { name: 'Credits' }).isVisible()).toBe(false);
  await page().setViewportSize({ width: 1280, height: 900 });
});
