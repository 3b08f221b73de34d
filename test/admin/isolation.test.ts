import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PERMISSIONS, permissionsOf, type ScopeType } from '../../src/admin/access/permissions.ts';
import { TOKEN_ROLES, type TokenRole } from '../../src/directory/access-token.ts';
import { readMarkdownTable } from '../support/markdown-table.ts';
import { type AdminUnderTest, openAdmin, type RouteUnderTest, TOKEN } from './admin-under-test.ts';
import { sampleBody, sampleQueries } from './sample-request.ts';
import { CANARIES, makeToken, makeWorld, type Records, type World } from './two-accounts.ts';

/**
 * Every route there is, by every kind of token, on what is the caller's, another team's, another account's and nobody's.
 * Routes are taken from the app, and what a token may do from the document, so that a new one is covered at once.
 */

const DOCUMENT = readMarkdownTable(
  readFileSync(new URL('../../docs/admin-api.md', import.meta.url), 'utf8'),
  'Tokens and roles',
);
const TEAM_ROLES: readonly TokenRole[] = ['admin', 'viewer'];

interface Kind {
  name: string;
  role: TokenRole;
  scope: ScopeType;
  /** `root` is the token of the settings; `works` tells the others from those that are let in nowhere. */
  state: 'works' | 'root' | 'expired' | 'revoked' | 'team_gone' | 'unknown' | 'none';
}

const KINDS: readonly Kind[] = [
  { name: 'root', role: 'owner', scope: 'installation', state: 'root' },
  ...(['installation', 'account', 'team'] as const).flatMap((scope) =>
    TOKEN_ROLES.filter((role) => scope !== 'team' || TEAM_ROLES.includes(role)).map(
      (role): Kind => ({ name: `${role} of ${scope}`, role, scope, state: 'works' }),
    ),
  ),
  ...(['expired', 'revoked', 'unknown', 'none'] as const).map(
    (state): Kind => ({ name: `${state} owner of installation`, role: 'owner', scope: 'installation', state }),
  ),
  { name: 'admin of a team that is gone', role: 'admin', scope: 'team', state: 'team_gone' },
];

let admin: AdminUnderTest;
let world: World;
let isUsed = false;
beforeAll(async () => {
  admin = await openAdmin();
  world = await makeWorld(admin);
});
afterAll(() => admin.close());

const secrets = new Map<string, string>();

/** The headers of a token of this kind, made for the world as it is. */
async function headersOf(kind: Kind): Promise<{ [name: string]: string }> {
  if (kind.state === 'none') return {};
  if (kind.state === 'root') return { authorization: `Bearer ${TOKEN}` };
  if (kind.state === 'unknown') return { authorization: `Bearer tga_${'x'.repeat(43)}` };
  const id = `${world.own.account_id} ${kind.name}`;
  const secret = secrets.get(id) ?? (await makeSecret(kind));
  secrets.set(id, secret);
  return { authorization: `Bearer ${secret}` };
}

async function makeSecret({ role, scope: type, state }: Kind): Promise<string> {
  const { account_id: accountId, team_id: teamId } = world.own;
  const { nowMs } = admin.clock;
  if (state === 'team_gone') {
    const gone = { id: `team_gone_${accountId}`, accountId, name: 'gone', createdAtMs: nowMs };
    await admin.directory.createTeam(gone);
    const { secret } = await makeToken(admin, { role, scope: { type: 'team', accountId, teamId: gone.id } });
    await admin.directory.deleteTeam(accountId, gone.id);
    return secret;
  }
  const scope =
    type === 'installation' ? { type } : type === 'account' ? { type, accountId } : { type, accountId, teamId };
  const end = state === 'expired' ? { expiresAtMs: nowMs } : state === 'revoked' ? { revokedAtMs: nowMs } : {};
  return (await makeToken(admin, { role, scope, ...end })).secret;
}

/** What a write has changed must not decide the next case. */
async function renewWorld(): Promise<void> {
  if (!isUsed) return;
  world = await makeWorld(admin);
  isUsed = false;
}

const isPublic = ({ url, config }: RouteUnderTest): boolean =>
  config.public === true || !(url.startsWith('/admin/v1/') || url.startsWith('/v1/organizations/'));

/** Routes of the console answer to its sessions, not to tokens: test/admin/web has them. */
const isOfSessions = ({ url }: RouteUnderTest): boolean => url.startsWith('/console/');

const BREADTH = { team: 0, account: 1, installation: 2 } as const;

/** By the document: undefined where the call is let through to its route. */
function refusalOf(kind: Kind, { url, config }: RouteUnderTest): 401 | 403 | undefined {
  if (kind.state !== 'works' && kind.state !== 'root') return 401;
  const { permission = [], narrowest = url.includes(':account_id') ? 'account' : 'installation' } = config;
  const isAllowed =
    permission === 'any' ||
    [permission].flat().some((name) => {
      const row = DOCUMENT.find((one) => one.permission === `\`${name}\``);
      return row?.[kind.role]?.split(', ').includes(kind.scope);
    });
  return isAllowed && BREADTH[kind.scope] >= BREADTH[narrowest] ? undefined : 403;
}

const fill = (url: string, records: Partial<Records>): string =>
  url.replace(/:(\w+)/g, (_, name: keyof Records | 'month') => (name === 'month' ? '2026-11' : (records[name] ?? 'x')));

async function send(route: RouteUnderTest, kind: Kind, path: string, body: object | undefined) {
  const answer = await admin.app.inject({
    method: route.method as 'GET',
    url: path,
    headers: { ...(await headersOf(kind)), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  if (route.method !== 'GET' && answer.statusCode < 400) isUsed = true;
  return answer;
}

/** Fails where an answer has a word that belongs to somebody else than the caller. */
function expectNoCanary(kind: Kind, text: string, what: string): void {
  const foreign = kind.scope === 'installation' && refusesNobody(kind) ? [] : [world.otherAccount];
  if (kind.scope === 'team') foreign.push(world.otherTeam);
  const words = foreign.flatMap((records) =>
    Object.entries(records).flatMap(([name, id]) =>
      records === world.otherTeam && OF_ACCOUNT.has(name) ? [] : [id as string],
    ),
  );
  const names = foreign.map((records) => (records === world.otherTeam ? CANARIES.otherTeam : CANARIES.otherAccount));
  const beyondTeam = kind.scope === 'team' ? [world.accountQuotaId, world.own.grant_id] : [];
  for (const word of [...words, ...names, ...beyondTeam]) {
    expect(text.includes(word), `${what} has ${word}`).toBe(false);
  }
}

const OF_ACCOUNT: ReadonlySet<string> = new Set(['account_id', 'alert_id', 'channel_id', 'delivery_id']);
const BY_ID_ALONE: readonly (keyof Records)[] = ['token_id', 'alert_id', 'channel_id', 'delivery_id'];

const refusesNobody = ({ state }: Kind): boolean => state === 'works' || state === 'root';

test('the document says what the code allows', () => {
  expect(DOCUMENT.map((row) => row.permission)).toEqual(PERMISSIONS.map((name) => `\`${name}\``));
  for (const row of DOCUMENT) {
    for (const role of TOKEN_ROLES) {
      const scopes = (['installation', 'account', 'team'] as const).filter(
        (scope) =>
          (scope !== 'team' || TEAM_ROLES.includes(role)) &&
          permissionsOf(role, scope).some((name) => row.permission === `\`${name}\``),
      );
      expect([row.permission, role, row[role]]).toEqual([row.permission, role, scopes.join(', ')]);
    }
  }
});

test('every route says who may call it', () => {
  expect(admin.routeOptions.length).toBeGreaterThan(45);
  const silent = admin.routeOptions.filter((route) => !isPublic(route) && route.config.permission === undefined);
  expect(silent.map(({ method, url }) => `${method} ${url}`)).toEqual([]);
});

test('a route that does not say so keeps the app from starting', async () => {
  const { requirePermissions } = await import('../../src/admin/access/route-permission.ts');
  const { default: fastify } = await import('fastify');
  const app = fastify();
  requirePermissions(app as never);
  expect(() => app.get('/x', async () => 'x')).toThrow(/names no permission/);
  expect(() => app.get('/y', { config: { permission: 'any' } }, async () => 'y')).not.toThrow();
  await app.close();
});

describe.each(KINDS)('$name', (kind) => {
  test('may do with its own what the document says, and is shown nothing of others', async () => {
    for (const route of admin.routeOptions.filter((each) => !isOfSessions(each))) {
      await renewWorld();
      const what = `${route.method} ${route.url}`;
      for (const query of sampleQueries(route, kind.scope === 'team' ? world.otherTeam : world.otherAccount)) {
        const body = sampleBody(route, world.own, kind.role);
        const answer = await send(route, kind, fill(route.url, world.own) + query, body);
        expectNoCanary(kind, answer.body, `${what}${query}`);
        const refusal = isPublic(route) ? undefined : refusalOf(kind, route);
        if (refusal !== undefined) expect([what, answer.statusCode]).toEqual([what, refusal]);
        else expect([401, 403, 500], `${what}${query}: ${answer.body}`).not.toContain(answer.statusCode);
        const names = [...route.url.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '');
        const isKnown = names.every((name) => name in world.own || name === 'month');
        const isWhole = isKnown && query === '' && refusal === undefined && route.url.includes('/admin/v1/');
        // A team or member that is in use was found, and may be deleted by this token.
        if (isWhole && !answer.body.includes(':in-use"')) expect(answer.statusCode, what).toBeLessThan(300);
      }
    }
  });

  test("finds another account's and another team's as if they were not there", async () => {
    for (const route of admin.routeOptions.filter((each) => each.url.includes(':') && !isPublic(each))) {
      await renewWorld();
      const { own, otherTeam, otherAccount } = world;
      const absent = Object.fromEntries(Object.keys(own).map((name) => [name, 'x'])) as unknown as Records;
      const inOwn = { account_id: own.account_id };
      const foreign = [
        { records: otherAccount, nobody: absent, hidden: kind.scope !== 'installation' },
        { records: { ...own, account_id: otherAccount.account_id }, nobody: absent, hidden: true },
        { records: { ...otherAccount, ...inOwn }, nobody: { ...absent, ...inOwn }, hidden: true },
        { records: otherTeam, nobody: { ...absent, ...inOwn }, hidden: kind.scope === 'team' },
      ];
      for (const { records, nobody, hidden } of foreign) {
        const names = [...route.url.matchAll(/:(\w+)/g)].map(([, name]) => name as keyof Records);
        // Of a path that names an account alone, one of the own account is its own.
        const isNamed = names.some((name) => name in own && records[name] !== own[name]);
        const isBare = names.every((name) => !(name in own));
        if (!hidden || !isNamed || isBare) continue;
        // These are found by their id alone, whatever their account.
        if (kind.scope === 'installation' && BY_ID_ALONE.includes(names[0] ?? 'account_id')) continue;
        const what = `${route.method} ${fill(route.url, records)}`;
        const body = sampleBody(route, world.own, kind.role);
        const answer = await send(route, kind, fill(route.url, records), body);
        const refusal = refusalOf(kind, route);
        expectNoCanary(kind, answer.body, what);
        if (refusal !== undefined) expect([what, answer.statusCode]).toEqual([what, refusal]);
        else if (kind.scope !== 'installation' || records.account_id === own.account_id) {
          expect([what, answer.statusCode, answer.body.slice(0, 200)]).toEqual([what, 404, expect.any(String)]);
          const other = await send(route, kind, fill(route.url, nobody), body);
          expect([what, other.statusCode, other.body]).toEqual([what, answer.statusCode, answer.body]);
        }
      }
    }
  });
});
