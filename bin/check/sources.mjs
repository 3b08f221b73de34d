// Rules of the house that neither the compiler nor the linter knows, over src/ and bin/.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { listFiles, projectFolder } from '../run/project.mjs';
import { findForbiddenUses } from './forbidden-uses.mjs';

const MAX_LINES = { '.ts': 250, '.mjs': 250, '.lua': 120 };

/** The rules broken in `<baseFolder>/src` and `bin`, one line each: `path:line: what`. */
export function findProblems(baseFolder, folders = ['src', 'bin']) {
  return folders.flatMap((folder) =>
    listFiles(join(baseFolder, folder)).flatMap((path) => {
      const name = relative(baseFolder, path).replaceAll('\\', '/');
      const limit = MAX_LINES[/\.\w+$/.exec(name)?.[0]];
      if (limit === undefined) return [];
      const text = readFileSync(path, 'utf8');
      return [
        ...findLength(name, text, limit),
        ...(name.startsWith('src/') && name.endsWith('.ts') ? findUses(name, text) : []),
      ];
    }),
  );
}

function findLength(name, text, limit) {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return lines > limit ? [`${name}:${limit + 1}: ${lines} lines; a file of its kind has ${limit} at most`] : [];
}

function findUses(name, text) {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  return findForbiddenUses(name, source).map(({ position, sentence }) => {
    const { line } = source.getLineAndCharacterOfPosition(position);
    return `${name}:${line + 1}: ${sentence}`;
  });
}

if (import.meta.filename === process.argv[1]) {
  const problems = findProblems(projectFolder);
  for (const problem of problems) console.log(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
