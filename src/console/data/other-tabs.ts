/** One for the whole page: what it posts is told to all but itself. */
const tabs = new BroadcastChannel('tollgate-session');

/** Tells the other tabs of this browser that its session is another one now: they have one cookie together. */
export function tellOtherTabs(): void {
  tabs.postMessage('signed-in');
}

/** Runs when somebody signed in in another tab. What this one shows was read by the session before. */
export function whenSignedInElsewhere(run: () => void): void {
  tabs.addEventListener('message', run);
}
