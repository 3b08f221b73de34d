// What `npm start` owes the program it starts: each signal once, a second one too, its exit code as our own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../support/until.ts';

const childModule = import.meta.resolve('../../bin/run/child.mjs');

function startParent(childScript: string): { parent: ChildProcess; output: () => string } {
  const script = `import { endLike, runInOurPlace } from ${JSON.stringify(childModule)};
    endLike(await runInOurPlace(process.execPath, ['-e', ${JSON.stringify(childScript)}], process.env));`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  onTestFinished(() => {
    parent.kill('SIGKILL');
    // The program itself outlives a parent that is killed so.
    const pid = /ready (\d+)/.exec(text)?.[1];
    if (pid !== undefined && parent.exitCode === null) process.kill(Number(pid), 'SIGKILL');
  });
  parent.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  return { parent, output: () => text };
}

const COUNTING = `let seen = 0;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {
    seen += 1;
    console.log(signal + ' ' + seen);
  });
  process.on('SIGUSR2', () => process.exit(seen));
  setInterval(() => {}, 1000);
  console.log('ready ' + process.pid);`;

describe('runInOurPlace', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s reaches the program once, and again when sent again',
    async (signal) => {
      const { parent, output } = startParent(COUNTING);
      const pid = Number((await until(() => /ready (\d+)/.exec(output())))[1]);
      // Twice at once, as a terminal and npm send it.
      parent.kill(signal);
      await until(() => output().includes(`${signal} 1`));
      parent.kill(signal);
      const sentAt = performance.now();
      await until(() => performance.now() - sentAt > 400);
      expect(output()).not.toContain(`${signal} 2`);
      parent.kill(signal);
      await until(() => output().includes(`${signal} 2`));
      process.kill(pid, 'SIGUSR2');
      expect(await once(parent, 'exit')).toEqual([2, null]);
    },
  );

  test.each([0, 1, 7])('exit code %i is handed on', async (code) => {
    expect(await once(startParent(`process.exit(${code})`).parent, 'exit')).toEqual([code, null]);
  });

  test('an end by a signal is handed on as one', async () => {
    const { parent } = startParent("process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)");
    expect(await once(parent, 'exit')).toEqual([null, 'SIGTERM']);
  });

  test("the program is not in the terminal's process group, whose signals would reach it twice", async () => {
    const { parent, output } = startParent(
      `process.on('SIGTERM', () => process.exit(3)); console.log('ready ' + process.pid); setInterval(() => {}, 1000)`,
    );
    const pid = Number((await until(() => /ready (\d+)/.exec(output())))[1]);
    expect(process.kill(-pid, 0)).toBe(true);
    parent.kill('SIGTERM');
    expect(await once(parent, 'exit')).toEqual([3, null]);
  });

  test.each([
    ['npm', 'start'],
    ['hand', undefined],
  ])('the end of the shell that started us by %s', async (_by, lifecycleEvent) => {
    const inner = `import { runInOurPlace } from ${JSON.stringify(childModule)};
      await runInOurPlace(process.execPath, ['-e', ${JSON.stringify(COUNTING)}], process.env);`;
    const environment = { ...process.env, INNER: inner, NODE: process.execPath, npm_lifecycle_event: lifecycleEvent };
    // A second command keeps any shell from becoming the first one, as dash never does.
    const shell = spawn('/bin/sh', ['-c', '"$NODE" --input-type=module -e "$INNER"; true'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: environment,
    });
    let output = '';
    shell.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const pid = Number((await until(() => /ready (\d+)/.exec(output)))[1]);
    onTestFinished(() => void process.kill(pid, 'SIGUSR2'));
    shell.kill('SIGTERM');
    if (lifecycleEvent !== undefined) await until(() => output.includes('SIGTERM 1'));
    const shellEndedAt = performance.now();
    await until(() => performance.now() - shellEndedAt > 600);
    expect(output.match(/SIG/g)?.length ?? 0).toBe(lifecycleEvent === undefined ? 0 : 1);
  });
});
