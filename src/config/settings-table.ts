import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { alertSettings } from './alert-settings.ts';
import { exportSettings } from './export-settings.ts';
import { readBaseUrl } from './http-url.ts';
import { limitsTable } from './limits-table.ts';
import { parseRedisUrl, RedisUrlInvalid } from './parse-redis-url.ts';
import { readBudget } from './read-budget.ts';
import { reloadSettings } from './reload-settings.ts';
import {
  ANY_PATH,
  choiceSetting,
  fail,
  integerSetting,
  type Reading,
  readInteger,
  type Setting,
  secretSetting,
  textSetting,
} from './setting.ts';
import type { Settings } from './settings.ts';
import { telemetryTable } from './telemetry-table.ts';

type PlainSettings = Omit<Settings, 'limits' | 'telemetry'>;

const HOST_PATTERN = /^(?:[0-9A-Za-z_.-]{1,253}|\[?[0-9A-Fa-f:.]{2,45}\]?)$/;
const MAX_WORKERS = 256;

/** The shipped rate card lies beside the program, wherever that is started from (`src/config` and `dist/config` alike). */
const SHIPPED_RATE_CARD = fileURLToPath(new URL('../../config/rate-card.json', import.meta.url));

/** Every setting but the limits, which follow in `limitsTable`. */
export const settingsTable: { readonly [Key in keyof PlainSettings]: Setting<PlainSettings[Key]> } = {
  host: textSetting({
    name: 'HOST',
    type: 'a host name or IP address',
    default: '127.0.0.1',
    pattern: HOST_PATTERN,
    sentence: 'Address of the public listener: `/v1/*`, `/livez`, `/readyz`.',
  }),
  port: portSetting('PORT', 8787, 'Port of the public listener; 0 lets the system choose.'),
  adminHost: textSetting({
    name: 'ADMIN_HOST',
    type: 'a host name or IP address',
    default: '127.0.0.1',
    pattern: HOST_PATTERN,
    sentence: 'Address of the admin listener: `/admin/v1/*`, `/metrics`, the console. Keep it off the public network.',
  }),
  adminPort: portSetting('ADMIN_PORT', 8788, 'Port of the admin listener; 0 lets the system choose.'),
  adminToken: secretSetting({
    name: 'ADMIN_TOKEN',
    type: 'at least 16 letters, digits and signs without a space',
    pattern: /^[\x21-\x7e]{16,512}$/,
    defaultText: 'generated once, kept in the data folder',
    sentence: 'Token of the admin API and the console.',
  }),
  anthropicApiKey: secretSetting({
    name: 'ANTHROPIC_API_KEY',
    type: 'a key without a space',
    pattern: /^[\x21-\x7e]{1,512}$/,
    defaultText: 'none: a simulated Claude API answers',
    sentence: 'Key of the upstream. Clients never see it.',
  }),
  upstreamBaseUrl: {
    name: 'UPSTREAM_BASE_URL',
    type: 'an http:// or https:// URL',
    unit: '',
    default: 'https://api.anthropic.com',
    defaultText: 'https://api.anthropic.com',
    sentence: 'The Claude API. `ANTHROPIC_BASE_URL` is not read: it may well point at Tollgate itself.',
    secret: false,
    read: readBaseUrl,
  },
  publicUrl: {
    name: 'PUBLIC_URL',
    type: 'an http:// or https:// URL',
    unit: '',
    default: undefined,
    defaultText: 'none: the `Host` of the request, and its `X-Forwarded-Proto`',
    sentence: 'Where clients reach the public listener: the `results_url` of a Message Batch begins with it.',
    secret: false,
    read: readBaseUrl,
  },
  redisUrl: {
    ...secretSetting({
      name: 'REDIS_URL',
      type: 'a redis://, rediss://, redis+cluster://, rediss+cluster://, redis+sentinel:// or rediss+sentinel:// URL, or the path of a socket',
      pattern: /./,
      defaultText: 'none: the embedded store',
      sentence: 'The store shared by all replicas. Without it one process keeps its ledger in the data folder.',
    }),
    read: readRedisUrl,
  },
  redisWaitReplicas: {
    name: 'REDIS_WAIT_REPLICAS',
    type: 'whole number, 0 to 16, or auto',
    unit: '',
    default: 'auto',
    defaultText: 'auto',
    sentence:
      'Replicas that must have a grant, void, refund, correction, closing or policy before it is answered; `auto` is one where there is any.',
    secret: false,
    read: (text) =>
      text === 'auto' ? { ok: true, value: 'auto' } : readInteger(text, 0, 16, 'whole number, 0 to 16, nor auto'),
  },
  dataDir: textSetting({
    name: 'DATA_DIR',
    type: 'a path',
    default: './data',
    pattern: ANY_PATH,
    sentence: 'Folder of the embedded ledger, the settle spool and the admin token; made where it is missing.',
  }),
  rateCardPath: textSetting({
    name: 'RATE_CARD',
    type: 'a path',
    default: SHIPPED_RATE_CARD,
    defaultText: 'config/rate-card.json',
    pattern: ANY_PATH,
    sentence: 'File of prices by model and date; the default is the one shipped.',
  }),
  rateCardOverridesPath: textSetting({
    name: 'RATE_CARD_OVERRIDES',
    type: 'a path',
    default: undefined,
    defaultText: 'none: list prices',
    pattern: ANY_PATH,
    sentence: "File of the operator's own prices and mark-up over the rate card; see [prices](prices.md).",
  }),
  unknownModelPricedAs: textSetting({
    name: 'UNKNOWN_MODEL_PRICED_AS',
    type: 'the name of a model',
    default: undefined,
    defaultText: 'none: a model that the rate card lacks is refused',
    pattern: /^[a-z0-9][a-z0-9.@:-]{0,99}$/,
    sentence: 'Model of the rate card at whose prices calls of a model that it lacks are admitted and charged.',
  }),
  orphanedCalls: choiceSetting({
    name: 'ORPHANED_CALLS',
    default: 'charge',
    choices: ['charge', 'release'],
    sentence:
      'What becomes of streams whose process was killed: `charge` what they had reported, marked estimated, or `release`.',
  }),
  workers: {
    name: 'WORKERS',
    type: `whole number, 1 to ${MAX_WORKERS}, or auto`,
    unit: 'processes',
    default: 1,
    defaultText: '1',
    sentence:
      'Processes that serve the public listener; `auto` is one per core. More than 1 needs Redis; one more process leads them and has the admin listener.',
    secret: false,
    read: (text) =>
      text === 'auto'
        ? { ok: true, value: availableParallelism() }
        : readInteger(text, 1, MAX_WORKERS, `whole number, 1 to ${MAX_WORKERS}, nor auto`),
  },
  logLevel: choiceSetting({
    name: 'LOG_LEVEL',
    default: 'info',
    choices: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    sentence: 'Least severe log line that is written.',
  }),
  unboundedRequests: choiceSetting({
    name: 'UNBOUNDED_REQUESTS',
    default: 'hold',
    choices: ['hold', 'refuse'],
    sentence:
      'A request whose cost has no bound (a server tool without `max_uses`, a thread, MCP): `hold` the largest of its kind, or `refuse` it.',
  }),
  doubtfulEnds: choiceSetting({
    name: 'DOUBTFUL_ENDS',
    default: 'release',
    choices: ['release', 'estimate'],
    sentence:
      'A call of which it is not known whether the API bills it: `release` its hold, or charge an `estimate`. Marked in the journal either way.',
  }),
  graceBudgetNanoUsd: {
    name: 'GRACE_BUDGET_USD',
    type: 'dollars with up to nine places, 0 to 1000000',
    unit: '',
    default: 0n,
    defaultText: '0',
    sentence:
      'What an account may spend, in each process, while Redis does not answer: overspent may be that times the processes. 0: calls are refused meanwhile. See [guarantees](guarantees.md#while-redis-is-away).',
    secret: false,
    read: readBudget,
  },
  ...alertSettings,
  ...reloadSettings,
  ...exportSettings,
};

/** All settings in the order of the documents. */
export const allSettings: readonly Setting<unknown>[] = [
  ...Object.values(settingsTable),
  ...Object.values(telemetryTable),
  ...Object.values(limitsTable),
] as Setting<unknown>[];

/** The one variable that the file itself cannot hold. */
export const configurationFileVariable = textSetting({
  name: 'TOLLGATE_CONFIG',
  type: 'a path',
  default: undefined,
  defaultText: 'none',
  pattern: ANY_PATH,
  sentence: 'YAML file of settings; the environment wins over it.',
});

/** Whatever connects, and nothing else; what is wrong with it is told without repeating it. */
function readRedisUrl(text: string): Reading<string> {
  try {
    parseRedisUrl(text);
    return { ok: true, value: text };
  } catch (error) {
    if (!(error instanceof RedisUrlInvalid)) throw error;
    return fail(`is not an address of Redis: ${error.message.replace(/^REDIS_URL:? /, '')}`);
  }
}

function portSetting(name: string, value: number, sentence: string): Setting<number> {
  return integerSetting({ name, default: value, min: 0, max: 65_535, sentence });
}
