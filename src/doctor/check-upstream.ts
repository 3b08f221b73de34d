import type { UpstreamLook } from './ask-upstream.ts';
import { createFinder, type Finding } from './finding.ts';

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;
/** OpenSSL's words, and Node's, for a certificate that is not believed. */
const TLS_FAULT = /CERT|SELF_SIGNED|ALTNAME|^ERR_TLS|^ERR_SSL|UNABLE_TO|EPROTO/;

export interface UpstreamOptions {
  /** As the settings have it. */
  baseUrl: string;
  nowMs: number;
}

/** `look` undefined: no key is set, and the simulated API answers. */
export function checkUpstream(look: UpstreamLook | undefined, { baseUrl, nowMs }: UpstreamOptions): Finding[] {
  const { warn } = createFinder('upstream');
  if (look === undefined) return [warn('no key is set: a simulated Claude API answers', 'set ANTHROPIC_API_KEY')];
  return [...checkAnswer(look, baseUrl), ...checkTls(look, baseUrl, nowMs)];
}

function checkAnswer({ status, fault, models }: UpstreamLook, baseUrl: string): Finding[] {
  const { ok, warn, fail } = createFinder('upstream');
  if (fault !== undefined && TLS_FAULT.test(fault.code)) return [];
  if (status === undefined) {
    return [
      fail(
        `${baseUrl} does not answer: ${fault?.message}`,
        'see UPSTREAM_BASE_URL, the name service and what stands in between',
      ),
    ];
  }
  if (status === 401) return [fail(`${baseUrl} refuses the key (401)`, 'set ANTHROPIC_API_KEY to one that is valid')];
  if (status === 403)
    return [fail(`${baseUrl} forbids the key (403)`, 'see the rights of the key and of its workspace')];
  if (status !== 200) return [warn(`${baseUrl} answers ${status}`, 'see status.claude.com, and UPSTREAM_BASE_URL')];
  if (models === undefined)
    return [fail(`${baseUrl} answers, but not as the Claude API does`, 'see UPSTREAM_BASE_URL')];
  return [ok(`${baseUrl} takes the key`)];
}

function checkTls({ fault, certificateEndsAtMs }: UpstreamLook, baseUrl: string, nowMs: number): Finding[] {
  const { ok, warn, fail } = createFinder('tls');
  const { protocol, hostname } = new URL(baseUrl);
  if (protocol === 'http:') {
    if (hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')) return [];
    return [warn(`${baseUrl} is not encrypted: the key passes for all to read`, 'take https:// in UPSTREAM_BASE_URL')];
  }
  if (fault !== undefined && TLS_FAULT.test(fault.code)) {
    const remedy = 'never switch the check off; a private authority is named by NODE_EXTRA_CA_CERTS';
    return [fail(`the certificate of ${hostname} is not believed: ${fault.message} (${fault.code})`, remedy)];
  }
  if (certificateEndsAtMs === undefined) return [];
  const days = Math.floor((certificateEndsAtMs - nowMs) / DAY_MS);
  const says = `the certificate of ${hostname} is valid for ${days} more days`;
  return [days < SOON_DAYS ? warn(says, 'have it renewed') : ok(says)];
}
