import { spawnSync } from 'node:child_process';

/** Runs promtool, which is part of Prometheus. Its absence is a failure that says what to install. */
export function promtool(args: readonly string[], input = ''): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { input, encoding: 'utf8', timeout: 30_000 });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') {
    throw new Error('promtool is missing: install the package "prometheus" (apt-get install prometheus)');
  }
  if (error !== undefined) throw error;
  return { status, output: `${stdout}${stderr}` };
}
