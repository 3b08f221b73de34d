import { fork } from 'node:child_process';

/** A mutant whose tests take longer has made a loop without an end: that is noticed. */
const TIMEOUT_MS = 60_000;
const START_MS = 60_000;
/** Histories per mutant, always the same, so that a run can be had again. */
const HISTORIES = { LEDGER_RUNS: '25', LEDGER_SEED: '20261121' };

/**
 * Tests that can be run again and again.
 * @throws when they fail as they are, without any mutant.
 */
export async function startTests(folder, { tests, runner = 'mutant-runner' }) {
  let child;
  let last;
  const stop = () => child?.kill('SIGKILL');
  const start = async () => {
    child = fork(new URL(`./${runner}.mjs`, import.meta.url), [folder, ...tests], {
      cwd: folder,
      env: { ...process.env, ...HISTORIES },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    if ((await nextMessage(child, START_MS)) === undefined) throw new Error(`${tests.join(', ')} cannot be started`);
  };
  /** Runs them with a file changed: `passed`, `failed` or `out of time`. The file changed before is as it was. */
  const run = async (path) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) await start();
    child.send({ changed: [path, last].filter((changed) => changed !== undefined) });
    last = path;
    const message = await nextMessage(child, TIMEOUT_MS);
    if (message !== undefined) return message.ok ? 'passed' : 'failed';
    const ended = child.exitCode !== null || child.signalCode !== null;
    stop();
    return ended ? 'failed' : 'out of time';
  };
  if ((await run(undefined)) === 'passed') return { run, stop };
  stop();
  throw new Error(`${tests.join(', ')} fail without any mutant`);
}

/** Undefined: it ended, or said nothing in time. */
function nextMessage(child, timeoutMs) {
  return new Promise((resolve) => {
    const timer = setTimeout(finish, timeoutMs);
    function finish(message) {
      clearTimeout(timer);
      child.off('message', finish);
      child.off('exit', ended);
      resolve(message);
    }
    const ended = () => finish();
    child.once('message', finish);
    child.once('exit', ended);
  });
}
