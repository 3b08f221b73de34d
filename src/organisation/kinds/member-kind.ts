import type { Kind } from '../kind.ts';
import { readEmail } from '../read-fields.ts';
import { nameField, ownerField, plainField } from './field-forms.ts';

export const memberKind: Kind = {
  name: 'member',
  section: 'members',
  owner: 'account',
  access: { read: 'usage.read', write: 'people.write' },
  fields: [nameField, plainField('email', readEmail), ownerField('team')],
  identities: [({ name }) => `${name}`],
  describe: ({ name }) => `${name}`,
  removal: 'delete',
};
