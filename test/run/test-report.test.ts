import { describe, expect, test } from 'vitest';
import { countTests } from '../../bin/run/test-report.mjs';

const GOOD_END = { code: 0, signal: null };
const BAD_END = { code: 1, signal: null };

function reportOf(
  counts: { passed?: number; failed?: number; skipped?: number; todo?: number },
  files: object[] = [],
): string {
  const { passed = 0, failed = 0, skipped = 0, todo = 0 } = counts;
  const numbers = { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, numTodoTests: todo };
  return JSON.stringify({ ...numbers, testResults: files });
}

const brokenFile = { name: 'a.test.ts', status: 'failed', message: 'SyntaxError: x\nat y', assertionResults: [] };
const failedFile = { name: 'b.test.ts', status: 'failed', message: '', assertionResults: [{ status: 'failed' }] };

describe('countTests', () => {
  test('counts what passed and failed', () => {
    expect(countTests(reportOf({ passed: 3 }), GOOD_END, true)).toEqual({ passed: 3, failed: 0, remarks: [] });
    expect(countTests(reportOf({ passed: 3, failed: 2 }, [failedFile]), BAD_END, true)).toMatchObject({
      passed: 3,
      failed: 2,
    });
  });

  test('skipped tests are told, and fail in CI', () => {
    const report = reportOf({ passed: 3, skipped: 2, todo: 1 });
    expect(countTests(report, GOOD_END, false)).toMatchObject({
      passed: 3,
      failed: 0,
      remarks: ['3 tests were skipped'],
    });
    expect(countTests(report, GOOD_END, true)).toMatchObject({ passed: 3, failed: 3 });
  });

  test('a file that could not be loaded counts as one failure', () => {
    const count = countTests(reportOf({ passed: 3 }, [brokenFile]), BAD_END, false);
    expect(count).toEqual({ passed: 3, failed: 1, remarks: ['a.test.ts could not be run: SyntaxError: x'] });
  });

  test.each([
    ['an error outside any test', reportOf({ passed: 3 }), BAD_END],
    ['an end by a signal', reportOf({ passed: 3 }), { code: 1, signal: 'SIGKILL' }],
    ['no report', undefined, BAD_END],
    ['half a report', '{"numPassed', BAD_END],
    ['no test at all', reportOf({}), GOOD_END],
  ])('%s is never green', (_case, report, end) => {
    expect(countTests(report, end, false).failed).toBe(1);
  });
});
