import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runQuietly } from './child.mjs';
import { withLock } from './lock.mjs';
import { Refusal, say, step } from './say.mjs';

/** Programs that the tests run for real, `alias`: as others than Debian call one, and the package of Debian that has it. */
const PROGRAMS = [
  { program: 'redis-server', aptPackage: 'redis-server' },
  { program: 'redis-cli', aptPackage: 'redis-tools' },
  { program: 'curl', aptPackage: 'curl' },
  { program: 'promtool', aptPackage: 'prometheus' },
  { program: 'initdb', aptPackage: 'postgresql', besidePath: debianPostgresFolders },
  { program: 'prometheus', aptPackage: 'prometheus' },
  { program: 'amtool', aptPackage: 'prometheus-alertmanager' },
  { program: 'chromium', alias: 'google-chrome', aptPackage: 'chromium' },
  { program: 'prometheus-alertmanager', alias: 'alertmanager', aptPackage: 'prometheus-alertmanager' },
];

/** What the benchmarks run besides. */
const BENCH_PROGRAMS = [
  { program: 'redis-server', aptPackage: 'redis-server' },
  { program: 'nginx', aptPackage: 'nginx-light', besidePath: () => ['/usr/sbin'] },
  { program: 'wrk', aptPackage: 'wrk' },
  { program: 'taskset', aptPackage: 'util-linux' },
  { program: 'cc', aptPackage: 'gcc libc6-dev' },
];

/** Debian keeps PostgreSQL's programs beside the path, one folder per version. */
function debianPostgresFolders() {
  const root = '/usr/lib/postgresql';
  return existsSync(root) ? readdirSync(root).map((version) => join(root, version, 'bin')) : [];
}

/** Sees to the programs that tests or benchmarks need: installs what is missing where that is possible, else refuses. */
export async function provideSystemPrograms(purpose = 'test') {
  const programs = purpose === 'bench' ? BENCH_PROGRAMS : PROGRAMS;
  if (findMissing(programs).length === 0) return;
  await withLock('system', async () => {
    const missing = findMissing(programs);
    if (missing.length === 0) return;
    const names = missing.map(({ program }) => program).join(', ');
    const packages = [...new Set(missing.flatMap(({ aptPackage }) => aptPackage.split(' ')))];
    const refuse = (which) => new Refusal(manualSentence(purpose, which, packages));
    if (!canInstall()) throw refuse(names);
    await step(`installing ${names} by apt-get`, () => installPackages(names, packages));
    const stillMissing = findMissing(programs);
    if (stillMissing.length > 0) throw refuse(stillMissing.map(({ program }) => program).join(', '));
  });
}

function findMissing(programs) {
  return programs.filter(
    ({ program, alias = program, besidePath }) => !isInPath(program, besidePath?.()) && !isInPath(alias),
  );
}

function isInPath(program, besidePath = []) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...besidePath];
  return folders.filter(Boolean).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function canInstall() {
  return process.platform === 'linux' && process.getuid?.() === 0 && isInPath('apt-get');
}

function manualSentence(purpose, names, packages) {
  const elsewhere =
    purpose === 'bench'
      ? ''
      : '; macOS: brew install redis prometheus postgresql, Chromium, and Alertmanager with amtool from prometheus.io';
  return `the ${purpose === 'bench' ? 'benchmarks' : 'tests'} run ${names} for real; here they are missing and cannot be installed. Install them (Debian, Ubuntu: apt-get install ${packages.join(' ')}${elsewhere}) and try again.`;
}

async function installPackages(names, packages) {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  const first = await runQuietly('apt-get', install, { env: environment });
  if (first.code === 0) return;
  say('apt-get knows no such package yet: updating its lists');
  const update = await runQuietly('apt-get', ['update'], { env: environment });
  const second = await runQuietly('apt-get', install, { env: environment });
  if (second.code === 0) return;
  const lines = `${update.output}\n${second.output}`.trim().split('\n').slice(-8).join('\n  ');
  throw new Refusal(`${names} could not be installed by apt-get:\n  ${lines}`);
}
