import type { Kind } from '../kind.ts';
import { nameField } from './field-forms.ts';

export const teamKind: Kind = {
  name: 'team',
  section: 'teams',
  owner: 'account',
  access: { read: 'usage.read', write: 'account.write' },
  fields: [nameField],
  identities: [({ name }) => `${name}`],
  describe: ({ name }) => `${name}`,
  removal: 'delete',
};
