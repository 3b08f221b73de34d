import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AdminApp } from '../admin-parts.ts';
import { refuse } from '../problem.ts';
import { ASSETS_PATH, type ConsoleAsset, type ConsoleAssets, loadConsoleAssets } from './console-assets.ts';

/** Addresses of the console's pages: each is the same document, whose script shows what the address names. */
export const CONSOLE_PAGES = [
  '/',
  '/credits',
  '/teams',
  '/usage',
  '/journal',
  '/live',
  '/alerts',
  '/health',
  '/me',
  '/sign-in',
] as const;

/** Nothing inline, nothing from elsewhere, and in nobody's frame. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const PAGE_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
};

export interface ConsoleFiles {
  assets(): ConsoleAssets;
  /** Answers with the page, whose script shows what the address names. */
  sendPage(request: FastifyRequest, reply: FastifyReply): FastifyReply;
}

/** The console's files, read when they are first asked for. */
export function createConsoleFiles(): ConsoleFiles {
  let loaded: ConsoleAssets | undefined;
  const assets = (): ConsoleAssets => {
    loaded ??= loadConsoleAssets();
    return loaded;
  };
  return {
    assets,
    sendPage(request, reply) {
      reply.headers({ ...PAGE_HEADERS, 'cache-control': 'no-cache' });
      return send(request, reply, assets().page);
    },
  };
}

const PROGRAMS_PATHS = /^\/(?:admin|v1|console)(?:\/|$)/;

/** Somebody who follows a link or types an address: not a program that calls the API. */
export function isPageVisit({ method, headers, url }: FastifyRequest): boolean {
  return method === 'GET' && /\btext\/html\b/.test(headers.accept ?? '') && !PROGRAMS_PATHS.test(url);
}

/** The console's pages and files, without a token: they hold nothing of anybody's. */
export function addAssetRoutes(app: AdminApp, { assets, sendPage }: ConsoleFiles): void {
  const schema = { hide: true };
  for (const url of CONSOLE_PAGES) app.get(url, { schema }, sendPage);
  app.get(`${ASSETS_PATH}/:version/*`, { schema }, (request, reply) => {
    const { version, '*': name } = request.params as { version: string; '*': string };
    const asset = version === assets().version ? assets().find(name) : undefined;
    if (asset === undefined) return refuse(reply, 'not_found', 'There is no such file of this version.');
    reply.headers({
      'cache-control': 'public, max-age=31536000, immutable',
      'cross-origin-resource-policy': 'same-origin',
    });
    return send(request, reply, asset);
  });
}

function send(request: FastifyRequest, reply: FastifyReply, asset: ConsoleAsset): FastifyReply {
  const encoding = findEncoding(request.headers['accept-encoding']);
  reply.header('vary', 'accept-encoding').type(asset.contentType);
  if (encoding === undefined) return reply.send(asset.body);
  return reply.header('content-encoding', encoding).send(asset.press(encoding));
}

function findEncoding(accepted: string | string[] | undefined): 'br' | 'gzip' | undefined {
  const names = new Set(`${accepted ?? ''}`.split(',').map((each) => each.trim().split(';')[0]));
  return names.has('br') ? 'br' : names.has('gzip') ? 'gzip' : undefined;
}
