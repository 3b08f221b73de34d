import { createFinder, type Finding } from './finding.ts';

/** As package.json's engines. */
const LEAST = [22, 19] as const;

/** @param version such as 26.1.0 */
export function checkNode(version: string): Finding[] {
  const { ok, fail } = createFinder('node');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isFitting = major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
  if (isFitting) return [ok(`Node ${version}`)];
  return [fail(`Node ${version} is too old`, `install Node ${LEAST.join('.')} or later; 26 is tested most`)];
}
