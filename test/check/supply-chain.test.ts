// What is installed with Tollgate: few packages, under licences that ask for no more than to be named.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createBillOfMaterials } from '../../bin/run/bill-of-materials.mjs';

interface LockedPackage {
  dev?: boolean;
  license?: string;
  name?: string;
  version?: string;
}

/** Permissive: none asks for the source of what it is linked with. */
const ALLOWED = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
];

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> };
const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
const direct = Object.keys((JSON.parse(read('package.json')) as { dependencies: object }).dependencies);

test.each(installed)('%s is under a licence that is allowed', (_, { license }) => {
  expect(ALLOWED).toContain(license);
});

test('every direct dependency has its line in the record of why', () => {
  const record = read('docs/adr/0007-dependencies.md');
  expect(direct.filter((name) => !record.includes(name))).toEqual([]);
});

test('the bill of materials lists every one by its hash, what each needs, and no address', () => {
  const bill = createBillOfMaterials();
  const listed = new Map(bill.components.map((component: { purl: string }) => [component.purl, component]));
  for (const [path, { name = path.replace(/^.*node_modules\//, ''), version, license }] of installed) {
    expect(listed.get(`pkg:npm/${name.replace('@', '%40')}@${version}`)).toMatchObject({
      version,
      hashes: [{ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) }],
      licenses: [{ license: { id: license } }],
    });
  }
  const refs = bill.components.map((component: { 'bom-ref': string }) => component['bom-ref']);
  expect(bill.dependencies).toHaveLength(refs.length + 1);
  expect(bill.dependencies[0]?.dependsOn).toHaveLength(direct.length);
  for (const { dependsOn } of bill.dependencies) expect(refs).toEqual(expect.arrayContaining(dependsOn));
  expect(JSON.stringify(bill)).not.toMatch(/https?:/);
});

test('docs/security.md says how many there are', () => {
  expect(read('docs/security.md')).toContain(
    `${direct.length} direct dependencies, ${installed.length} packages in all`,
  );
});
