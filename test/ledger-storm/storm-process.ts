import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StormAnswer, StormJob } from './storm-job.ts';

/** A process with a ledger of its own on the shared Redis. */
export interface StormProcess extends Disposable {
  run(job: StormJob): Promise<StormAnswer[]>;
}

const WORKER = fileURLToPath(new URL('./storm-worker.ts', import.meta.url));

export async function startStormProcess(redisUrl: string): Promise<StormProcess> {
  const child = fork(WORKER, [redisUrl], { execArgv: [], env: { PATH: process.env.PATH ?? '' } });
  const nextMessage = async (): Promise<unknown> => {
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`a process of the storm ended with ${code}`);
    });
    return (await Promise.race([once(child, 'message'), ended]))[0];
  };
  await nextMessage();
  return {
    async run(job) {
      child.send(job);
      const message = (await nextMessage()) as { answers?: StormAnswer[]; fault?: string };
      if (message.answers === undefined) throw new Error(`a process of the storm failed: ${message.fault}`);
      return message.answers;
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}
