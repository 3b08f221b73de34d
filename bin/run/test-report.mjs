/**
 * Counts the tests of vitest's JSON report. What cannot be counted as a test that failed but did go wrong (a file that
 * does not load, an error outside any test, a run that broke off) counts as one failure, and so does, in CI, each test
 * that was skipped: a suite that ran in part must not look green.
 */
export function countTests(reportText, { code, signal }, isCi) {
  const report = parseReport(reportText);
  if (report === undefined) return { passed: 0, failed: 1, remarks: ['the tests did not run to their end'] };

  const skipped = report.numPendingTests + report.numTodoTests;
  const remarks = [];
  let failed = report.numFailedTests;
  for (const file of report.testResults.filter(isBrokenFile)) {
    failed += 1;
    remarks.push(`${file.name} could not be run: ${firstLine(file.message)}`);
  }
  if (skipped > 0) remarks.push(`${skipped} tests were skipped${isCi ? ', which in CI is a failure' : ''}`);
  if (isCi) failed += skipped;
  if (failed === 0 && report.numPassedTests === 0) {
    failed = 1;
    remarks.push('no test ran');
  } else if (failed === 0 && (code !== 0 || signal)) {
    failed = 1;
    remarks.push('vitest failed although every test passed: see above');
  }
  return { passed: report.numPassedTests, failed, remarks };
}

/** A file that failed without any test of its own failing. */
function isBrokenFile({ status, assertionResults }) {
  return status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
}

function parseReport(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function firstLine(text) {
  return (text ?? '').trim().split('\n')[0];
}
