import { readFileSync } from 'node:fs';
import { inProject } from './project.mjs';

/**
 * The bill of materials of what is installed with the program, in the form of CycloneDX 1.5 (cyclonedx.org), from the
 * lock file alone: the same for the same lock file, and without any address. `npm sbom --omit=dev` of npm 11 leaves
 * packages out that a development dependency needs as well.
 */
export function createBillOfMaterials() {
  const read = (name) => JSON.parse(readFileSync(inProject(name), 'utf8'));
  const { name, version, description, license } = read('package.json');
  const { packages } = read('package-lock.json');
  const paths = Object.keys(packages)
    .filter((path) => path !== '' && packages[path].dev !== true)
    .sort();
  const refOf = (path) =>
    path === '' ? `${name}@${version}` : `${nameOf(path, packages[path])}@${packages[path].version}`;
  const seen = new Map(paths.map((path) => [refOf(path), path]));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: { 'bom-ref': refOf(''), type: 'application', name, version, description, ...licenseOf(license) },
    },
    components: [...seen].map(([ref, path]) => describePackage(ref, nameOf(path, packages[path]), packages[path])),
    dependencies: [[refOf(''), ''], ...seen].map(([ref, path]) => ({
      ref,
      dependsOn: findDependencies(packages, path).map(refOf).sort(),
    })),
  };
}

function describePackage(ref, name, { version, integrity, license }) {
  return {
    'bom-ref': ref,
    type: 'library',
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    hashes: integrity.split(' ').map(describeHash),
    ...licenseOf(license),
  };
}

/** `sha512-` and base64 (Subresource Integrity) as the algorithm and hex. */
function describeHash(integrity) {
  const [algorithm, value] = integrity.split(/-(.*)/);
  return { alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(value, 'base64').toString('hex') };
}

/** A licence of the SPDX list, or an expression of several. */
function licenseOf(license) {
  return { licenses: [/[ ()]/.test(license) ? { expression: license } : { license: { id: license } }] };
}

/** An alias is listed under the name of what it stands for. */
function nameOf(path, { name }) {
  return name ?? path.replace(/^.*node_modules\//, '');
}

/** Where Node finds what the package at a path asks for: in its own folder, or in one above. */
function findDependencies(packages, path) {
  const { dependencies, optionalDependencies } = packages[path];
  return Object.keys({ ...dependencies, ...optionalDependencies })
    .map((wanted) => {
      for (let folder = path; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
        const found = `${folder === '' ? '' : `${folder}/`}node_modules/${wanted}`;
        if (found in packages) return found;
        if (folder === '') return undefined;
      }
    })
    .filter((found) => found !== undefined);
}
