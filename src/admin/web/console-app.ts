import type { Authenticator } from '../access/authenticator.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { addAssetRoutes, type ConsoleFiles } from './asset-routes.ts';
import { createConsoleSessions } from './console-sessions.ts';
import { addEventRoutes } from './event-routes.ts';
import { addMeRoutes } from './me-routes.ts';
import { addSessionRoutes } from './session-routes.ts';
import type { SignedInParts } from './signed-in.ts';
import { createViewers } from './viewers.ts';

/** What knows the sessions of the console, for its own routes and for those of the admin API. */
export function createSignedIn(parts: AdminParts, authenticator: Authenticator): SignedInParts {
  return { sessions: createConsoleSessions(parts), viewers: createViewers({ ...parts, authenticator }) };
}

/** The web console: its pages and files, its sessions, its events, and what a key holder sees. */
export function addConsole(app: AdminApp, parts: AdminParts, signedIn: SignedInParts, files: ConsoleFiles): void {
  const all = { ...parts, ...signedIn };
  app.register(async (scope: AdminApp) => addAssetRoutes(scope, files));
  app.register(async (scope: AdminApp) => addSessionRoutes(scope, all));
  app.register(async (scope: AdminApp) => addEventRoutes(scope, all));
  app.register(async (scope: AdminApp) => addMeRoutes(scope, all));
}
