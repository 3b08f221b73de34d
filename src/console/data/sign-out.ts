import { send } from './api.ts';

/** Ends the session and forgets all that this page knew. */
export async function signOut(): Promise<void> {
  await send('/console/session', { method: 'DELETE' });
  location.replace('/');
}
