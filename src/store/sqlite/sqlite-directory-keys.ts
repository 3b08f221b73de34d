import { applyChange, rotateSecret } from '../../directory/change-record.ts';
import { createPrincipal, secretHashesOf, teamIdOf } from '../../directory/create-principal.ts';
import type { Created, Directory, Key, KeyRotation, Principal } from '../../directory/directory.ts';
import type { DirectoryTables } from './directory-tables.ts';
import type { SqliteDirectoryContext } from './sqlite-directory-context.ts';
import { changeOwned, findBrokenReference, findOwned } from './sqlite-directory-people.ts';

type KeyQueries = Pick<Directory, 'createKey' | 'findKey' | 'listKeys' | 'updateKey' | 'rotateKey' | 'findPrincipal'>;

export function createKeyQueries(context: SqliteDirectoryContext): KeyQueries {
  const { tables, read, write } = context;
  return {
    createKey: (key) =>
      write(
        key.accountId,
        () => insertKey(tables, key),
        (reply) => reply.result === 'created',
      ),
    findKey: (accountId, keyId) => read(() => findOwned(tables.keys, accountId, keyId)),
    listKeys: (accountId, page) => read(() => tables.keys.list(accountId, page)),
    updateKey: (accountId, keyId, change) =>
      changeOwned(context, tables.keys, { accountId, id: keyId }, (key) => applyChange(key, change)),
    rotateKey: (accountId, keyId, rotation) =>
      write(
        accountId,
        () => rotate(tables, accountId, keyId, rotation),
        (key) => key !== undefined,
      ),
    findPrincipal: (secretHash) => read(() => readPrincipal(tables, secretHash)),
  };
}

function insertKey(tables: DirectoryTables, key: Key): Created<Key> {
  if (tables.keys.find(key.id) === undefined) {
    const missing = findBrokenReference(tables, key);
    if (missing !== undefined) return { result: 'no_reference', what: missing };
    if (tables.secrets.findId(key.secretHash) !== undefined) return { result: 'conflict' };
  }
  const reply = tables.keys.insert(key);
  if (reply.result === 'created') tables.secrets.replace(key.id, secretHashesOf(key));
  return reply;
}

function rotate(tables: DirectoryTables, accountId: string, keyId: string, rotation: KeyRotation): Key | undefined {
  const key = findOwned(tables.keys, accountId, keyId);
  if (key === undefined) return undefined;
  const holder = tables.secrets.findId(rotation.secretHash);
  if (holder !== undefined && holder !== keyId) return undefined;
  const rotated = rotateSecret(key, rotation);
  tables.keys.replace(rotated);
  tables.secrets.replace(keyId, secretHashesOf(rotated));
  return rotated;
}

function readPrincipal(tables: DirectoryTables, secretHash: string): Principal | undefined {
  const keyId = tables.secrets.findId(secretHash);
  const key = keyId === undefined ? undefined : tables.keys.find(keyId);
  const account = key === undefined ? undefined : tables.accounts.find(key.accountId);
  if (key === undefined || account === undefined) return undefined;
  const member = key.memberId === undefined ? undefined : tables.members.find(key.memberId);
  const teamId = teamIdOf(key, member);
  const team = teamId === undefined ? undefined : tables.teams.find(teamId);
  const scopeIds = [account, team, member, key].flatMap((record) => (record === undefined ? [] : [record.id]));
  return createPrincipal({ account, team, member, key, quotas: tables.quotas.listOn(scopeIds), secretHash });
}
