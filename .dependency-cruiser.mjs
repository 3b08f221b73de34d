/**
 * Which way imports may point (ARCHITECTURE.md), types included. One row per folder of src/: what it may import of src/
 * besides itself. A folder without a row may import nothing and be imported by nobody.
 */
const FOLDERS = {
  // Containers, of anything.
  collections: [],
  // What is done at the end of a turn, and in which order.
  'event-loop': [],
  domain: [],
  anthropic: ['domain'],
  config: [],
  observability: ['domain', 'config', 'collections'],
  ledger: ['domain', 'collections'],
  directory: ['domain'],
  alerts: ['domain', 'ledger', 'directory', 'reports', 'observability', 'collections'],
  // Keeps balances up: asks the payment side.
  reloads: ['domain', 'ledger', 'alerts', 'observability', 'collections'],
  metering: ['domain', 'anthropic', 'ledger', 'directory', 'alerts', 'observability', 'config', 'collections'],
  // Carries the journal out of the store, to sinks.
  export: ['domain', 'ledger', 'observability'],
  // Sums over the journal: usage, statements.
  reports: ['domain', 'ledger'],
  // Carries it back from an export.
  restore: ['domain', 'ledger', 'export'],
  http: ['domain', 'anthropic', 'metering', 'ledger', 'directory', 'observability', 'config', 'event-loop'],
  admin: ['domain', 'metering', 'ledger', 'directory', 'alerts', 'reloads', 'reports', 'observability', 'config'],
  store: ['domain', 'ledger', 'directory', 'alerts', 'reports', 'observability', 'config', 'event-loop'],
  // Judges what a look at the installation shows; run-doctor.ts looks.
  doctor: ['domain'],
  // What an organisation's file says, and what has to be done about it. Sends nothing.
  organisation: ['domain', 'config'],
  // Speaks to a running Tollgate over HTTP; the rate card is checked on the spot.
  cli: ['domain', 'config', 'organisation'],
  // Runs in a browser and speaks to the admin listener over HTTP; nothing imports it, admin/web/ serves its files.
  console: [],
  // What a start needs once: the rate card file, the upstream, the demo account, the banner.
  startup: ['domain', 'config', 'ledger', 'directory', 'http', 'metering', 'simulator'],
  // The processes of one Tollgate, and what they say to each other.
  workers: ['observability'],
  // An oracle of its own for what a call costs: whatever it shared with the meter would be wrong in both.
  simulator: [],
};

/** Files beside the folders, from the process down. Only services.ts, run-restore.ts and run-doctor.ts know which store there is. */
const TOP_FILES = {
  'main.ts': '^src/(?!store/|cli/)',
  'app.ts': '^src/(?!store/|cli/|simulator/|startup/|workers/|main\\.ts|start-)',
  'start-tollgate.ts': '^src/(?!store/|cli/|main\\.ts|start-primary\\.ts)',
  'start-primary.ts': '^src/(?!store/|cli/|main\\.ts)',
  'services.ts': '^src/(?!cli/|startup/|workers/|main\\.ts|app\\.ts|start-)',
  'cli.ts': '^src/(cli|config)/',
  'run-doctor.ts': '^src/(config|doctor|domain|observability|startup|store)/',
  'run-restore.ts': '^src/(config|metering|restore|store)/',
};

/** Rules of I/O, clocks and Node have to hold in these; the packages named are pure as well. */
const PURE_FOLDERS = 'domain|anthropic';
const PURE_PACKAGES = 'typebox|temporal-polyfill';

const folderRules = Object.entries(FOLDERS).map(([folder, allowed]) => ({
  name: `${folder}-imports`,
  comment: `${folder}/ imports nothing of src/ but itself${allowed.map((name) => `, ${name}/`).join('')}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
}));

const topFileRules = Object.entries(TOP_FILES).map(([file, allowed]) => ({
  name: `${file}-imports`,
  comment: `${file} imports only what matches ${allowed}`,
  severity: 'error',
  from: { path: `^src/${file.replace('.', '\\.')}$` },
  to: { path: '^src/', pathNot: allowed },
}));

const knownPlaces = `^src/((${Object.keys(FOLDERS).join('|')})/|(${Object.keys(TOP_FILES).join('|').replaceAll('.', '\\.')})$)`;

export default {
  forbidden: [
    ...folderRules,
    ...topFileRules,
    {
      name: 'unknown-place',
      comment: 'every folder and top file of src/ has its row in .dependency-cruiser.mjs',
      severity: 'error',
      from: { path: '^src/', pathNot: knownPlaces },
      to: {},
    },
    {
      name: 'unknown-place-imported',
      comment: 'every folder and top file of src/ has its row in .dependency-cruiser.mjs',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: knownPlaces },
    },
    {
      name: 'pure-without-node',
      comment: 'domain/ and anthropic/ do no I/O and import no Node module',
      severity: 'error',
      from: { path: `^src/(${PURE_FOLDERS})/` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-without-packages',
      comment: 'domain/ and anthropic/ import no package but pure ones',
      severity: 'error',
      from: { path: `^src/(${PURE_FOLDERS})/` },
      to: { path: 'node_modules/', pathNot: `node_modules/(${PURE_PACKAGES})/` },
    },
    {
      name: 'no-cycle',
      comment: 'no cycle of imports, types included',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'only-dependencies',
      comment: 'src/ imports packages that package.json lists as dependencies, and nothing of test/, bench/ or bin/',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|bin)/|node_modules/', dependencyTypesNot: ['npm'] },
    },
    {
      name: 'resolvable',
      comment: 'every import is found',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
