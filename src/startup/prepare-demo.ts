import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createId, deriveId } from '../directory/create-id.ts';
import type { Account, Directory } from '../directory/directory.ts';
import { createKeySecret, hashKeySecret, isKeySecret } from '../directory/key-secret.ts';
import { oneYearAfter } from '../domain/grant-term.ts';
import { NANO_PER_USD, type NanoUsd } from '../domain/money.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** What a first start shows: an account with credit and a key that works when pasted. */
export interface Demo {
  accountId: string;
  name: string;
  availableNanoUsd: NanoUsd;
  keySecret: string;
}

const DEMO_CREDIT_NANO_USD = 25n * NANO_PER_USD;
const LOW_BALANCE_NANO_USD = [10n * NANO_PER_USD, 2n * NANO_PER_USD];
const KEY_FILE = 'demo-key';
const LOST_BOOKS =
  'the ledger has lost the books of the demo account: its calls are refused until "tollgate restore" brings them back';

export interface DemoParts {
  directory: Directory;
  ledger: Ledger;
  dataFolder: string;
  nowMs: () => number;
  logger: { error(facts: object, text: string): void };
}

/**
 * Makes the demo account at the first start in front of the simulated API, and finds it again at the next ones.
 * Its key stays readable in the data folder (0600): it buys nothing but simulated answers.
 * @returns undefined once somebody has closed the account or revoked the key, or where the ledger has lost its books.
 */
export async function prepareDemo(parts: DemoParts): Promise<Demo | undefined> {
  const account = await findOrCreateAccount(parts);
  if (account === undefined || account.closedAtMs !== undefined) return undefined;
  const keySecret = readKeyFile(parts) ?? (await createDemoKey(parts, account.id));
  const principal = await parts.directory.findPrincipal(hashKeySecret(keySecret));
  const balance = await parts.ledger.readBalance(account.id);
  const usable = principal?.account.id === account.id && principal.key.revokedAtMs === undefined;
  if (!usable || balance === undefined) return undefined;
  return { accountId: account.id, name: account.name, availableNanoUsd: balance.availableNanoUsd, keySecret };
}

/** Never opens the books of a listed account anew: it would be another history, which no restore can give way to. */
async function findOrCreateAccount({ directory, ledger, nowMs, logger }: DemoParts): Promise<Account | undefined> {
  const accountId = deriveId('acct', 'demo', 'account');
  const createdAtMs = nowMs();
  const found = await directory.findAccount(accountId);
  if (found !== undefined) {
    const isLost = found.closedAtMs === undefined && (await ledger.readBalance(accountId)) === undefined;
    if (isLost) logger.error({ account_id: accountId }, LOST_BOOKS);
    return found;
  }
  await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
  await ledger.grant({
    accountId,
    grantId: deriveId('grant', 'demo', 'credit'),
    amountNanoUsd: DEMO_CREDIT_NANO_USD,
    kind: 'promotional',
    priority: 50,
    effectiveAtMs: createdAtMs,
    expiresAtMs: oneYearAfter(createdAtMs),
    details: { note: 'credit of the demo account' },
  });
  const created = await directory.createAccount({
    id: accountId,
    name: 'Demo',
    timezone: 'UTC',
    mode: 'prepaid',
    creditLimitNanoUsd: 0n,
    onDisconnect: 'drain',
    onExhausted: 'cut',
    lowBalanceNanoUsd: LOW_BALANCE_NANO_USD,
    createdAtMs,
  });
  return 'record' in created ? created.record : directory.findAccount(accountId);
}

function readKeyFile({ dataFolder }: DemoParts): string | undefined {
  try {
    const text = readFileSync(join(dataFolder, KEY_FILE), 'utf8').trim();
    return isKeySecret(text) ? text : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function createDemoKey({ directory, dataFolder, nowMs }: DemoParts, accountId: string): Promise<string> {
  const { secret, secretHash, hint } = createKeySecret();
  const createdAtMs = nowMs();
  await directory.createKey({
    id: createId('key', createdAtMs),
    accountId,
    name: 'Demo key',
    secretHash,
    hint,
    createdAtMs,
  });
  const path = join(dataFolder, KEY_FILE);
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(draft, path);
  return secret;
}
