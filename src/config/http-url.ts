import { fail, type Reading } from './setting.ts';

/**
 * Reads a base URL that we call: http or https, without credentials (they would reach logs), query or fragment.
 * The trailing slash is removed, so that a path can be put after it.
 */
export function readBaseUrl(text: string): Reading<string> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !isHttp(url)) return fail('is not an http:// or https:// URL');
  if (url.username !== '' || url.password !== '') return fail('has credentials in it: the key is ANTHROPIC_API_KEY');
  if (url.search !== '' || url.hash !== '') return fail('has a query or a fragment, which a base URL cannot have');
  return { ok: true, value: url.href.replace(/\/+$/, '') };
}

/** Reads the address of a webhook: http or https, whatever follows. */
export function readHttpUrl(text: string): Reading<string> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && isHttp(url) ? { ok: true, value: url.href } : fail('is not an http:// or https:// URL');
}

function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}
