import { expect, test } from 'vitest';
import { findSecrets } from '../../src/config/find-secrets.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { allSettings } from '../../src/config/settings-table.ts';

const GIVEN: Record<string, string> = {
  ADMIN_TOKEN: 'tga_admin-token-of-the-test',
  ANTHROPIC_API_KEY: 'sk-ant-upstream-key',
  REDIS_URL: 'redis://user:password@127.0.0.1:6379',
  ALERT_WEBHOOK_URL: 'https://hooks.example/alert-token',
  ALERT_WEBHOOK_SECRET: `whsec_${'A'.repeat(40)}`,
  SMTP_URL: 'smtps://user:password@mail.example',
  SMTP_FROM: 'tollgate@example.com',
  RELOAD_WEBHOOK_URL: 'https://pay.example/reload-token',
  RELOAD_WEBHOOK_SECRET: `whsec_${'B'.repeat(40)}`,
  EXPORT_HTTP_URL: 'https://events.example/',
  EXPORT_HTTP_TOKEN: 'export-token-of-the-test',
  EXPORT_POSTGRES_URL: 'postgres://user:password@db.example/ledger',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel.example',
  OTEL_EXPORTER_OTLP_HEADERS: 'x-otel=header-of-the-test',
};

test('every setting that is a secret is kept from the log, whichever is added', () => {
  const loaded = loadSettings({ environment: GIVEN, readFile: () => '' });
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
  const secrets = findSecrets(loaded.settings);
  const names = allSettings.filter(({ secret }) => secret).map(({ name }) => name);
  expect(names.filter((name) => GIVEN[name] === undefined)).toEqual([]);
  for (const name of names) {
    const value = name === 'OTEL_EXPORTER_OTLP_HEADERS' ? 'header-of-the-test' : GIVEN[name];
    expect(secrets, name).toContain(value);
  }
});
