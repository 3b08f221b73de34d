import { readFileSync } from 'node:fs';

const FOLDER = new URL('./scripts/', import.meta.url);
const INCLUDE_LINE = /^--- @include (\S+)$/;

/**
 * Reads `scripts/<name>.lua`, every line `--- @include <name>` replaced by that file, each file once.
 * @throws when a file is missing, or two include each other.
 */
export function loadScript(name: string): string {
  return include(name, [], new Set());
}

function include(name: string, path: readonly string[], done: Set<string>): string {
  if (path.includes(name)) throw new Error(`scripts include each other: ${[...path, name].join(' -> ')}`);
  if (done.has(name)) return '';
  const lines = readFileSync(new URL(`${name}.lua`, FOLDER), 'utf8').split('\n');
  const text = lines.map((line) => {
    const included = INCLUDE_LINE.exec(line)?.[1];
    return included === undefined ? line : include(included, [...path, name], done);
  });
  done.add(name);
  return text.join('\n');
}
