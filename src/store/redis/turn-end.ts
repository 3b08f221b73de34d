type Task = () => void;

const senders: Task[] = [];
const writers: Task[] = [];
let isScheduled = false;

/** Runs a task when this turn of the event loop has done its work, ahead of those that write what has been sent. */
export function sendAtTurnEnd(task: Task): void {
  senders.push(task);
  schedule();
}

/** Runs a task at the end of this turn, or of what is sent at its end. */
export function writeAtTurnEnd(task: Task): void {
  writers.push(task);
  schedule();
}

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(runTasks);
}

/** What tasks add is of the same turn. One that throws does not keep the others from the next. */
function runTasks(): void {
  try {
    for (;;) {
      const task = senders.shift() ?? writers.shift();
      if (task === undefined) return;
      task();
    }
  } finally {
    isScheduled = senders.length + writers.length > 0;
    if (isScheduled) setImmediate(runTasks);
  }
}
