import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { findPackageJSON, stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** One file of the console as it is served. */
export interface ConsoleAsset {
  contentType: string;
  body: Buffer;
  /** Pressed when it is first asked for, and kept. */
  press(encoding: 'br' | 'gzip'): Buffer;
}

/** The console's files by name ("main.js"), the page they belong to, and a version that changes with any of them. */
export interface ConsoleAssets {
  version: string;
  page: ConsoleAsset;
  find(name: string): ConsoleAsset | undefined;
}

/** Beside the program, built or not: the browser's part of the console. */
const FOLDER = fileURLToPath(new URL('../../console/', import.meta.url));
/** Where the files are asked for; the version follows, so that they may be kept for ever. */
export const ASSETS_PATH = '/console/assets';

/** Libraries for the browser, each one file of its package as it is published. */
const LIBRARIES = {
  preact: { package: 'preact', file: 'dist/preact.mjs' },
  'preact/hooks': { package: 'preact', file: 'hooks/dist/hooks.mjs' },
  htm: { package: 'htm', file: 'dist/htm.mjs' },
} as const;

const TYPES: { readonly [extension: string]: string } = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const PAGE_FILE = 'index.html';
/** What the first page is made of is asked for at once, and not one import after another. */
const FIRST_FILES = ['main.js', 'pages/overview.js'];

/** Reads all of them; a fault here is one of the installation and throws. */
export function loadConsoleAssets(): ConsoleAssets {
  const texts = new Map([...readLibraries(), ...readOwnFiles()]);
  const version = hashTexts(texts);
  const assets = new Map([...texts].map(([name, text]) => [name, createAsset(name, text)]));
  const frame = texts.get(PAGE_FILE) ?? '';
  return {
    version,
    page: createAsset(PAGE_FILE, writePage(frame, version, findImported(texts, FIRST_FILES))),
    find: (name) => assets.get(name),
  };
}

function writePage(frame: string, version: string, preloaded: Iterable<string>): string {
  const base = `${ASSETS_PATH}/${version}`;
  const preloads = [...preloaded].map((name) => `<link rel="modulepreload" href="${base}/${name}">`);
  return frame.replaceAll('{{assets}}', base).replace('{{preloads}}', preloads.join('\n    '));
}

/** These files and all that they import, not counting what they load later. */
function findImported(
  texts: ReadonlyMap<string, string>,
  names: readonly string[],
  found = new Set<string>(),
): Set<string> {
  for (const name of names) {
    if (found.has(name)) continue;
    found.add(name);
    const imported = [...(texts.get(name) ?? '').matchAll(STATIC_IMPORT)].map(([, path = '']) =>
      posix.join(dirname(name), path),
    );
    findImported(texts, imported, found);
  }
  return found;
}

const STATIC_IMPORT = /from\s*['"](\.{1,2}\/[\w/.-]+)['"]/g;

function readOwnFiles(): [string, string][] {
  return listNames(FOLDER)
    .filter((name) => !name.endsWith('.map') && !name.endsWith('.d.ts'))
    .map((name) => {
      const text = readFileSync(join(FOLDER, name), 'utf8');
      return /\.[jt]s$/.test(name) ? [name.replace(/\.ts$/, '.js'), readScript(name, text)] : [name, text];
    });
}

/** Unbuilt sources are served without their types: in tests and while the console is being worked on. */
function readScript(name: string, text: string): string {
  const script = name.endsWith('.ts') ? stripTypeScriptTypes(text).replaceAll(RELATIVE_SOURCE, '$1.js$2') : text;
  const depth = name.split('/').length - 1;
  return nameLibraries(script, depth);
}

const RELATIVE_SOURCE = /((?:from|import\()\s*['"]\.{1,2}\/[\w/.-]+)\.ts(['"])/g;
const BARE_IMPORT = /(from\s*)(['"])([a-z][\w/-]*)\2/g;

/** Browsers know no packages: each import of a library becomes one of its file. */
function nameLibraries(script: string, depth: number): string {
  const up = depth === 0 ? './' : '../'.repeat(depth);
  return script.replaceAll(BARE_IMPORT, (whole, from: string, quote: string, name: string) =>
    name in LIBRARIES ? `${from}${quote}${up}${libraryFile(name)}${quote}` : whole,
  );
}

function readLibraries(): [string, string][] {
  return Object.entries(LIBRARIES).map(([name, library]) => {
    const manifest = findPackageJSON(library.package, import.meta.url);
    if (manifest === undefined) throw new Error(`the console needs the package ${library.package}`);
    const text = readFileSync(join(dirname(manifest), library.file), 'utf8').replace(
      /\n?\/\/# sourceMappingURL=.*\s*$/,
      '\n',
    );
    return [libraryFile(name), nameLibraries(text, 1)];
  });
}

function libraryFile(name: string): string {
  return `lib/${name.replace('/', '-')}.js`;
}

function listNames(folder: string, prefix = ''): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory() ? listNames(join(folder, entry.name), `${prefix}${entry.name}/`) : [`${prefix}${entry.name}`],
    )
    .sort();
}

function hashTexts(texts: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [name, text] of texts) hash.update(name).update('\0').update(text).update('\0');
  return hash.digest('hex').slice(0, 12);
}

function createAsset(name: string, text: string): ConsoleAsset {
  const body = Buffer.from(text);
  const pressed = new Map<string, Buffer>();
  return {
    contentType: TYPES[extname(name)] ?? 'application/octet-stream',
    body,
    press(encoding) {
      const found = pressed.get(encoding) ?? (encoding === 'br' ? pressBrotli(body) : gzipSync(body, { level: 9 }));
      pressed.set(encoding, found);
      return found;
    },
  };
}

function pressBrotli(body: Buffer): Buffer {
  return brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
}
