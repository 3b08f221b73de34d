// Dependency direction: the rules of .dependency-cruiser.mjs over src/, or over the folder given.
import { resolve } from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import rules from '../../.dependency-cruiser.mjs';
import { projectFolder } from '../run/project.mjs';

/** The violations in `<baseFolder>/src`, one line each. Throws where no import at all is seen: then nothing was read. */
export async function findViolations(baseFolder) {
  const { options, ...ruleSet } = rules;
  const tsConfig = extractTSConfig(resolve(projectFolder, options.tsConfig.fileName));
  const { output } = await cruise(['src'], { ...options, ruleSet, validate: true, baseDir: baseFolder }, undefined, {
    tsConfig,
  });
  const { summary } = output;
  if (summary.totalDependenciesCruised === 0) throw new Error('no import was seen: can the parser read TypeScript?');
  return summary.violations.map(describe);
}

function describe({ rule, from, to, cycle, comment }) {
  const path = cycle === undefined ? to : [...cycle.map((each) => each.name)].join(' -> ');
  const reason = comment ?? rules.forbidden.find((each) => each.name === rule.name)?.comment;
  return `${rule.name}: ${from} -> ${path} (${reason})`;
}

if (import.meta.filename === process.argv[1]) {
  const violations = await findViolations(projectFolder);
  for (const violation of violations) console.log(violation);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
