type Task = () => void;

/**
 * What is left for the end of a turn of the event loop, in the order in which it is done:
 * - `answer`: what clients wait for goes out. Its charge is in the spool, and the store can have it after.
 * - `send`: commands are put together for the store, of all that was asked of it in this turn.
 * - `write`: what was sent is written to its connection.
 */
export type TurnStage = 'answer' | 'send' | 'write';

const tasks: Readonly<Record<TurnStage, Task[]>> = { answer: [], send: [], write: [] };
let isScheduled = false;

/** Runs a task when this turn of the event loop has done its work. What a task adds is of the same turn. */
export function atTurnEnd(stage: TurnStage, task: Task): void {
  tasks[stage].push(task);
  schedule();
}

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(runTasks);
}

function takeTask(): Task | undefined {
  return tasks.answer.shift() ?? tasks.send.shift() ?? tasks.write.shift();
}

/** One that throws does not keep the others from the next turn. */
function runTasks(): void {
  try {
    for (let task = takeTask(); task !== undefined; task = takeTask()) task();
  } finally {
    isScheduled = false;
    if (tasks.answer.length + tasks.send.length + tasks.write.length > 0) schedule();
  }
}
