import type { Kind } from '../kind.ts';
import { nameField } from './field-forms.ts';

export const teamKind: Kind = {
  name: 'team',
  section: 'teams',
  fields: [nameField],
  identities: [({ name }) => `${name}`],
  describe: ({ name }) => `${name}`,
  removal: 'delete',
};
