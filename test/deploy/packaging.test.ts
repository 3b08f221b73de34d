// What the files for containers and Kubernetes say is true of the project. Neither is run here: there is no engine.
import { existsSync, globSync, readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { allSettings } from '../../src/config/settings-table.ts';
import { dashboards } from './dashboards.ts';
import { ruleFiles } from './rule-files.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
const read = (name: string): string => readFileSync(`${project}${name}`, 'utf8');
const version: string = JSON.parse(read('package.json')).version;

const KNOWN = new Set([
  ...allSettings.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])),
  'TOLLGATE_ADMIN_TOKEN',
  'TOLLGATE_ADMIN_TOKEN_FILE',
  'NODE_ENV',
]);

describe('Dockerfile', () => {
  const text = read('Dockerfile');
  const last = text.slice(text.lastIndexOf('FROM'));

  test('what it copies is there, and .dockerignore lets it in', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) => names.split(' '));
    expect(copied.length).toBeGreaterThan(6);
    for (const name of copied) expect(existsSync(`${project}${name}`), name).toBe(true);
    expect([...new Set(copied)].toSorted()).toEqual(allowed.toSorted());
    expect(read('.dockerignore')).toMatch(/^\*$/m);
  });

  test('it runs as a user other than root, by number, and looks whether it is alive', () => {
    expect(last).toMatch(/^USER 65532:65532$/m);
    expect(last.indexOf('USER')).toBeLessThan(last.indexOf('ENTRYPOINT'));
    expect(last).toMatch(/^HEALTHCHECK /m);
    expect(last).toMatch(/^ENTRYPOINT \["node", "dist\/cli\.js"\]$/m);
  });

  test('its settings exist', () => {
    const names = [...last.matchAll(/(?:^ENV|^ {4}) ?([A-Z_]+)=/gm)].map(([, name = '']) => name);
    expect(names).toContain('DATA_DIR');
    for (const name of names) expect(KNOWN).toContain(name);
  });

  test('its Node is one that the package takes', () => {
    const versions = [...text.matchAll(/^FROM node:(\d+)/gm)].map(([, major]) => Number(major));
    expect(versions).toHaveLength(2);
    expect(Math.min(...versions)).toBeGreaterThan(22);
  });
});

describe('deploy/compose/compose.yaml', () => {
  const { services, volumes } = parse(read('deploy/compose/compose.yaml'));

  test('the settings exist, and the grace is longer than the drain', () => {
    const { environment, stop_grace_period: grace } = services.tollgate;
    for (const name of Object.keys(environment)) expect(KNOWN).toContain(name);
    expect(Number.parseInt(grace, 10) * 1000).toBeGreaterThan(environment.LIMIT_SHUTDOWN_DRAIN_MS);
    expect(services.tollgate.read_only).toBe(true);
  });

  test('every folder that is mounted exists, every volume is declared, every port is on loopback only', () => {
    for (const [name, service] of Object.entries<{ volumes: string[]; ports?: string[]; image: string }>(services)) {
      for (const volume of service.volumes) {
        const [source = ''] = volume.split(':');
        if (source.startsWith('.')) expect(existsSync(`${project}deploy/compose/${source}`), volume).toBe(true);
        else expect(Object.keys(volumes)).toContain(source);
      }
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
      expect(service.image, name).toMatch(/:[\w.-]+$/);
      expect(service.image, name).not.toMatch(/:latest$/);
    }
  });

  test('Redis keeps a file and evicts nothing', () => {
    expect(services.redis.command.join(' ')).toContain('--appendonly yes');
    expect(services.redis.command.join(' ')).toContain('--maxmemory-policy noeviction');
  });

  test('the configurations name the services as they are called here', () => {
    const prometheus = parse(read('deploy/prometheus/prometheus.yaml'));
    const grafana = parse(read('deploy/grafana/provisioning/datasources/tollgate.yaml'));
    const hosts = [
      prometheus.scrape_configs[0].static_configs[0].targets[0],
      prometheus.alerting.alertmanagers[0].static_configs[0].targets[0],
      new URL(grafana.datasources[0].url).host,
    ].map((target: string) => target.split(':')[0]);
    expect(hosts).toEqual(['tollgate', 'alertmanager', 'prometheus']);
    for (const host of hosts) expect(services).toHaveProperty(host ?? '');
  });
});

describe('deploy/helm/tollgate', () => {
  const folder = 'deploy/helm/tollgate/';
  const values = parse(read(`${folder}values.yaml`));
  const templates = globSync(`${folder}templates/*`, { cwd: project }).map((name) => ({ name, text: read(name) }));

  test('its version is that of the package', () => {
    expect(parse(read(`${folder}Chart.yaml`))).toMatchObject({ version, appVersion: version });
  });

  test('every value that a template reads is in values.yaml, and every value is read', () => {
    const paths = templates.flatMap(({ text }) =>
      [...text.matchAll(/\.Values\.([\w.]+)/g)].map(([, path = '']) => path),
    );
    const find = (path: string): unknown =>
      path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], values);
    expect(paths.length).toBeGreaterThan(30);
    for (const path of paths) expect(find(path), path).toBeDefined();
    for (const name of Object.keys(values))
      expect(
        paths.some((path) => path.split('.')[0] === name),
        name,
      ).toBe(true);
  });

  test('the settings that it sets exist', () => {
    const text = templates.find(({ name }) => name.endsWith('statefulset.yaml'))?.text ?? '';
    const names = [...text.matchAll(/- name: ([A-Z][A-Z_]+)$/gm)].map(([, name = '']) => name);
    expect(names).toContain('LIMIT_SHUTDOWN_DRAIN_MS');
    for (const name of [...names, ...Object.keys(values.settings)]) expect(KNOWN).toContain(name);
  });

  test('the longest drain that a pod is given is one that the process takes', () => {
    const [drain, life] = ['LIMIT_SHUTDOWN_DRAIN_MS', 'LIMIT_CALL_TOTAL_MS'].map((name) =>
      allSettings.find((setting) => setting.name === name)?.read(`${values.callSeconds * 1000}`),
    );
    expect([drain?.ok, life?.ok]).toEqual([true, true]);
  });

  test('its rules and dashboards are the shipped ones, not copies', () => {
    expect(realpathSync(`${project}${folder}files/rules`)).toBe(realpathSync(`${project}deploy/prometheus`));
    expect(realpathSync(`${project}${folder}files/dashboards`)).toBe(
      realpathSync(`${project}deploy/grafana/dashboards`),
    );
    expect(ruleFiles.length).toBeGreaterThan(2);
    expect(dashboards).toHaveLength(3);
  });

  test('no rule holds what the template engine or its replacement would trip over', () => {
    for (const { rules } of ruleFiles) {
      for (const { annotations } of rules) {
        if (annotations !== undefined) expect(annotations.runbook_url).toMatch(/^docs\//);
      }
    }
  });
});
