import type { MetricsSnapshot } from '../observability/metrics-snapshot.ts';
import type { PrimaryMessage, WorkerMessage } from './worker-messages.ts';

export interface WorkerActions {
  /** Lets open calls end, then ends the process. May be asked for again. */
  stop(): void;
  reload(): void;
  readMetrics(): Promise<MetricsSnapshot>;
}

/** A worker's line to its primary process. */
export interface WorkerChannel {
  /** Does from now on what the primary asks. A primary that has died is one that asks to stop. */
  obey(actions: WorkerActions): void;
  /** Resolves when the message is with the primary, or there is none any more. */
  tell(message: WorkerMessage): Promise<void>;
}

/** @param process this process, forked by a primary. */
export function openWorkerChannel(process: Pick<NodeJS.Process, 'on' | 'send' | 'connected'>): WorkerChannel {
  const tell = (message: WorkerMessage): Promise<void> =>
    new Promise((resolve) => {
      if (!process.connected || process.send === undefined) resolve();
      // A broken line is told by `disconnect`.
      else process.send(message, undefined, undefined, () => resolve());
    });
  return {
    tell,
    obey(actions) {
      process.on('disconnect', actions.stop);
      process.on('message', (message: PrimaryMessage) => {
        if (message.type === 'stop') actions.stop();
        else if (message.type === 'reload') actions.reload();
        else void answerMetrics(message.id, actions, tell);
      });
    },
  };
}

async function answerMetrics(id: number, actions: WorkerActions, tell: WorkerChannel['tell']): Promise<void> {
  // A reading that fails is not answered; the primary goes by what was told last.
  const snapshot = await actions.readMetrics().catch(() => undefined);
  if (snapshot !== undefined) await tell({ type: 'metrics', id, snapshot });
}
