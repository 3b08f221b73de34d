import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectFolder } from '../run/project.mjs';

const PARTS = ['src', 'test', 'config', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

/** A copy of what tests read, to make mistakes in. */
export function copyProject() {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-mutants-'));
  for (const part of PARTS) {
    cpSync(join(projectFolder, part), join(folder, part), {
      recursive: true,
      filter: (path) => !path.includes('node_modules'),
    });
  }
  symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
