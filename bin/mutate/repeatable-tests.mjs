// What tests import from vitest, for tests that are run again and again in one process: their suites are set up once,
// their servers stay, and the tests that have noticed most come first. Only what the suites of the ledger use.
import { expect } from 'vitest';

export { expect };

/** A server that a mutant keeps busy answers nothing more. */
const TEST_MS = 20_000;

const root = createSuite('', undefined);
/** How often each test has noticed a mistake lately, by its whole name. */
const noticed = new Map();
let tests = [];
let current = root;
let finishing = [];

function createSuite(name, parent) {
  return { name, parent, beforeAll: [], afterAll: [], beforeEach: [], afterEach: [], isReady: false };
}

/** Suites of one file are apart from those of another, as their set-up is. */
export async function addFile(url) {
  current = createSuite(new URL(url).pathname, root);
  await import(url);
  current = root;
}

export function describe(name, fill) {
  const outer = current;
  current = createSuite(`${outer.name} ${name}`, outer);
  fill();
  current = outer;
}

describe.each = forEach(describe);

export function test(name, ...options) {
  tests.push({ name: `${current.name} ${name} ${tests.length}`, suite: current, run: options.at(-1) });
}
test.each = forEach(test);
export const it = test;

function forEach(define) {
  return (rows) =>
    (name, ...options) => {
      for (const row of rows) define(name, () => options.at(-1)(...(Array.isArray(row) ? row : [row])));
    };
}

export const beforeAll = (run) => void current.beforeAll.push(run);
export const afterAll = (run) => void current.afterAll.push(run);
export const beforeEach = (run) => void current.beforeEach.push(run);
export const afterEach = (run) => void current.afterEach.push(run);
export const onTestFinished = (run) => void finishing.push(run);

/** For suites that are loaded anew. What has noticed most is remembered. */
export function dropTests() {
  tests = [];
}

/** Runs the tests until one fails. @returns `passed`, `failed`, or `stuck` when a test did not end. */
export async function runTests() {
  const rank = ({ name }) => noticed.get(name) ?? 0;
  for (const each of tests.toSorted((left, right) => rank(right) - rank(left))) {
    const result = await runTest(each);
    if (result === 'passed') continue;
    for (const [name, times] of noticed) noticed.set(name, times / 2);
    noticed.set(each.name, rank(each) + 1);
    return result;
  }
  return 'passed';
}

async function runTest({ suite, run }) {
  const suites = [];
  for (let at = suite; at !== undefined; at = at.parent) suites.unshift(at);
  finishing = [];
  let timer;
  const stuck = new Promise((resolve) => {
    timer = setTimeout(resolve, TEST_MS, 'stuck');
  });
  const result = await Promise.race([stuck, attempt(() => runBody(suites, run))]);
  const cleaned = await Promise.race([stuck, attempt(() => cleanUp(suites))]);
  clearTimeout(timer);
  return result === 'passed' ? cleaned : result;
}

async function attempt(action) {
  try {
    await action();
    return 'passed';
  } catch {
    return 'failed';
  }
}

async function runBody(suites, run) {
  for (const suite of suites) {
    if (suite.isReady) continue;
    for (const prepare of suite.beforeAll) await prepare();
    suite.isReady = true;
  }
  for (const { beforeEach: prepare } of suites) for (const each of prepare) await each();
  await run();
}

/** Every step is taken, whichever fails. */
async function cleanUp(suites) {
  const steps = [...suites.flatMap(({ afterEach: each }) => each), ...finishing.toReversed()];
  const results = [];
  for (const step of steps) results.push(await attempt(step));
  if (results.includes('failed')) throw new Error('a test could not be cleaned up');
}
