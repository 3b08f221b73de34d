import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { limitsTable } from '../../src/config/limits-table.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import type { Setting } from '../../src/config/setting.ts';
import { allSettings, configurationFileVariable, settingsTable } from '../../src/config/settings-table.ts';
import { telemetryTable } from '../../src/config/telemetry-table.ts';
import { formatMarkdownTable, type MarkdownRow, readMarkdownTable } from '../support/markdown-table.ts';

const documentText = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
const exampleText = readFileSync(new URL('../../config/tollgate.example.yaml', import.meta.url), 'utf8');

function rowOf(setting: Setting<unknown>): MarkdownRow {
  return {
    Name: `\`${setting.name}\`${setting.secret ? ' (secret)' : ''}`,
    Default: setting.defaultText,
    Values:
      setting.unit === '' || setting.type.includes(setting.unit) ? setting.type : `${setting.type}; ${setting.unit}`,
    Meaning: setting.sentence,
  };
}

function expectTable(heading: string, settings: readonly Setting<unknown>[]): void {
  const expected = settings.map(rowOf);
  expect(formatMarkdownTable(readMarkdownTable(documentText, heading))).toBe(formatMarkdownTable(expected));
}

describe('docs/configuration.md', () => {
  test('its settings are those of the code', () => {
    expectTable('Settings', [
      ...Object.values(settingsTable),
      ...Object.values(telemetryTable),
      configurationFileVariable,
    ] as Setting<unknown>[]);
  });

  test('its limits are those of the code', () => {
    expectTable('Limits', Object.values(limitsTable));
  });
});

/** The example with every commented setting switched on: "# name: value" becomes "name: value". */
function uncommented(): string {
  return exampleText.replaceAll(/^( *)# ([a-z_]+:)/gm, '$1$2');
}

/** What the files named in the example hold. */
function secretIn(path: string): string {
  if (path.endsWith('webhook-secret')) return `whsec_${'A'.repeat(32)}`;
  if (path.endsWith('smtp-url')) return 'smtps://tollgate:secret@mail.example';
  return path.endsWith('otlp-headers') ? 'authorization=Bearer%20x' : 'x'.repeat(32);
}

function load(text: string): ReturnType<typeof loadSettings> {
  const files: Record<string, string> = { 'tollgate.yaml': text };
  return loadSettings({
    environment: { TOLLGATE_CONFIG: 'tollgate.yaml' },
    readFile: (path) => files[path] ?? secretIn(path),
  });
}

describe('config/tollgate.example.yaml', () => {
  test('as it stands it changes nothing', () => {
    expect(load(exampleText)).toEqual(load(''));
  });

  test('with every line switched on it is good', () => {
    expect(load(uncommented())).toHaveProperty('ok', true);
  });

  test('it shows every setting once', () => {
    const shown = [...exampleText.matchAll(/^( *)# ([a-z_]+):/gm)].map(([, indent, name = '']) =>
      `${indent === '' ? '' : 'limit_'}${name.replace(/_file$/, '')}`.toUpperCase(),
    );
    expect(shown.sort()).toEqual(allSettings.map(({ name }) => name).sort());
  });
});
