import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** A rule of Prometheus: an alert, or a record. */
export interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  for?: string;
  labels?: { severity: string };
  annotations?: { summary: string; description: string; runbook_url: string };
}

/** A file of rules that is shipped, and the file of its tests. */
export interface RuleFile {
  name: string;
  path: string;
  testsPath: string;
  rules: Rule[];
}

const FOLDER = fileURLToPath(new URL('../../deploy/prometheus/', import.meta.url));

export const prometheusConfigPath = `${FOLDER}prometheus.yaml`;

export const ruleFiles: readonly RuleFile[] = globSync('*-rules.yaml', { cwd: FOLDER })
  .sort()
  .map((name) => ({
    name: basename(name),
    path: `${FOLDER}${name}`,
    testsPath: `${FOLDER}${name.replace('.yaml', '.test.yaml')}`,
    rules: parse(readFileSync(`${FOLDER}${name}`, 'utf8')).groups.flatMap((group: { rules: Rule[] }) => group.rules),
  }));

export const alerts = ruleFiles.flatMap(({ rules }) => rules.filter(({ alert }) => alert !== undefined));
export const records = ruleFiles.flatMap(({ rules }) => rules.filter(({ record }) => record !== undefined));
