import { readBaseUrl } from './http-url.ts';
import { fail, type Reading, type Setting, secretSetting, textSetting } from './setting.ts';
import type { TelemetrySettings } from './settings.ts';

const HEADERS_AT_MOST = 32;
/** RFC 9110 section 5.6.2. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]{1,100}$/;
const HEADER_VALUE = /^[\x20-\x7e]{0,4096}$/;

/** Traces, by the variables that OpenTelemetry names. Source: the specification of its OTLP exporter. */
export const telemetryTable: { readonly [Key in keyof TelemetrySettings]: Setting<TelemetrySettings[Key]> } = {
  otlpEndpoint: {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    type: 'an http:// or https:// URL',
    unit: '',
    default: undefined,
    defaultText: 'none: no traces',
    sentence:
      'OTLP/HTTP receiver that gets a span per metered call, at `/v1/traces` below it; see [metrics](metrics.md).',
    secret: false,
    read: readBaseUrl,
  },
  otlpHeaders: {
    ...secretSetting({
      name: 'OTEL_EXPORTER_OTLP_HEADERS',
      type: 'name=value pairs with commas between, percent-encoded',
      pattern: /./,
      defaultText: 'none',
      sentence: 'Headers sent with the traces, such as a credential.',
    }),
    default: undefined,
    read: readHeaders,
  },
  serviceName: textSetting({
    name: 'OTEL_SERVICE_NAME',
    type: 'up to 100 letters, digits and signs without a space',
    default: 'tollgate',
    pattern: /^[\x21-\x7e]{1,100}$/,
    sentence: 'Name of the service in traces.',
  }),
};

function readHeaders(text: string): Reading<Readonly<Record<string, string>>> {
  const pairs = text.split(',').map((pair) => /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair));
  const headers: Record<string, string> = {};
  for (const pair of pairs) {
    const [, name = '', encoded = ''] = pair ?? [];
    const value = decode(encoded);
    if (!HEADER_NAME.test(name) || value === undefined || !HEADER_VALUE.test(value)) {
      return fail('is not a list of name=value pairs with commas between, percent-encoded');
    }
    headers[name.toLowerCase()] = value;
  }
  return pairs.length <= HEADERS_AT_MOST
    ? { ok: true, value: headers }
    : fail(`has more than ${HEADERS_AT_MOST} pairs`);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
