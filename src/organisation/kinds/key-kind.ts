import type { Kind } from '../kind.ts';
import { readTime } from '../read-fields.ts';
import { endOfStatus, modelsField, nameField, ownerField, plainField } from './field-forms.ts';

/** Credentials, never with their secrets. */
export const keyKind: Kind = {
  name: 'key',
  section: 'keys',
  owner: 'account',
  access: { read: 'usage.read', write: 'people.write' },
  fields: [
    nameField,
    ownerField('team'),
    ownerField('member'),
    modelsField('allowed_models'),
    plainField('expires_at', readTime),
  ],
  identities: [({ name }) => `${name}`],
  describe: ({ name }) => `${name}`,
  checkWrite({ expires_at: expiresAt = null }, nowMs, note) {
    if (typeof expiresAt === 'string' && Date.parse(expiresAt) <= nowMs)
      note('expires_at', 'has passed: no key can be made or changed so; leave the key out, or give it a later time');
  },
  isSecretMade: () => true,
  findEnd: endOfStatus,
  removal: 'revoke',
};
