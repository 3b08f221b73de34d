import { expect, test } from 'vitest';
import { loadSettings } from '../../src/config/load-settings.ts';

function load(environment: Record<string, string>) {
  return loadSettings({ environment, readFile: () => '' });
}

test('traces are off by default', () => {
  expect(load({})).toMatchObject({
    settings: { telemetry: { otlpEndpoint: undefined, otlpHeaders: undefined, serviceName: 'tollgate' } },
  });
});

test('endpoint, headers and name are read as OpenTelemetry writes them', () => {
  const loaded = load({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example:4318/',
    OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20a%3Db, x-scope = team',
    OTEL_SERVICE_NAME: 'gate',
  });
  expect(loaded).toMatchObject({
    settings: {
      telemetry: {
        otlpEndpoint: 'https://collector.example:4318',
        otlpHeaders: { authorization: 'Bearer a=b', 'x-scope': 'team' },
        serviceName: 'gate',
      },
    },
  });
});

test.each(['canary', '=canary', 'name=%zz', 'name=a%0d%0ab', 'na me=x', Array(40).fill('a=b').join(',')])(
  'headers %j are refused, and not shown',
  (text) => {
    const loaded = load({ OTEL_EXPORTER_OTLP_HEADERS: text });
    expect(loaded).toMatchObject({ ok: false });
    expect(JSON.stringify(loaded)).not.toContain(text);
  },
);
