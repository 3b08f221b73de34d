import { CHANNEL_TYPES } from '../../domain/alert-kinds.ts';
import type { Environment, Field, Kind, NoteField } from '../kind.ts';
import { choiceField, readEach, readEmail, textField } from '../read-fields.ts';
import type { Value, Values } from '../value.ts';
import { flagField, nameField, plainField } from './field-forms.ts';

const MAX_RECIPIENTS = 20;
const MAX_URL = 2_000;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
const SECRET = /^whsec_[0-9A-Za-z+/]{32,86}={0,2}$/;

const readVariable = textField(
  (text) => (VARIABLE.test(text) ? text : undefined),
  'must be the name of an environment variable such as SLACK_URL; the value itself has no place in a file',
);

/** A secret of a channel that is made, by the name of the variable that holds it: it is never shown, nor compared. */
function variableField(name: string, apiName: string): Field {
  return {
    name,
    apiName,
    isWriteOnly: true,
    read: readVariable,
    fromApi: () => null,
    toApi: (value, _idOf, environment) => environment(`${value}`),
  };
}

const recipientsField: Field = {
  name: 'to',
  read: (cursor) => {
    const recipients = readEach(cursor, readEmail, MAX_RECIPIENTS);
    if (recipients?.length === 0) cursor.note('must name a recipient');
    return recipients === undefined ? undefined : sortTexts(recipients);
  },
  fromApi: ({ to }) => (Array.isArray(to) ? sortTexts(to as string[]) : null),
  // Of other types it is not said at all.
  toApi: (value) => value ?? undefined,
};

function sortTexts(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

/** Where people are told, without the address and the secret that lead there. */
const channel = {
  name: 'channel',
  section: 'alert_channels',
  step: 'alert-channels',
  access: { read: 'money.read', write: 'billing.write' },
  fields: [
    nameField,
    plainField('type', choiceField(CHANNEL_TYPES), { isRequired: true, isFixed: true }),
    variableField('url_env', 'url'),
    variableField('secret_env', 'secret'),
    recipientsField,
    flagField('default', false),
    flagField('enabled', true),
  ],
  identities: [({ name }) => `${name}`],
  describe: ({ name }) => `${name}`,
  check: checkType,
  checkNew: checkVariables,
  isSecretMade: ({ type, secret_env: secret }) => type === 'webhook' && isNone(secret),
  removal: 'delete',
} as const satisfies Omit<Kind, 'owner'>;

export const accountChannelKind: Kind = { ...channel, owner: 'account_id' };
export const installationChannelKind: Kind = { ...channel, owner: 'installation', refersAs: 'installation' };

function isNone(value: Value | undefined): boolean {
  return (value ?? null) === null;
}

function checkType({ type, to, url_env: url, secret_env: secret }: Values, note: NoteField): void {
  const isForeign = { url_env: type === 'email', secret_env: type !== 'webhook', to: type !== 'email' };
  const values = { url_env: url, secret_env: secret, to };
  for (const name of ['url_env', 'secret_env', 'to'] as const)
    if (isForeign[name] && !isNone(values[name])) note(name, `says nothing of a channel of type ${type}`);
  if (type === 'email' && isNone(to)) note('to', 'is required of a channel of type email');
}

function checkVariables(values: Values, environment: Environment, note: NoteField): void {
  if (values.type !== 'email' && isNone(values.url_env))
    note('url_env', 'is required of a new channel: the environment variable that holds its address');
  const judge = (field: string, isGood: (text: string) => boolean, message: string): void => {
    const name = values[field] ?? null;
    if (name === null) return;
    const text = environment(`${name}`);
    // What a variable holds is never repeated.
    if (text === undefined) note(field, `names ${name}, which is not set in the environment`);
    else if (!isGood(text)) note(field, `names ${name}, which ${message}`);
  };
  judge('url_env', isWebAddress, 'holds no http:// or https:// URL');
  judge('secret_env', (text) => SECRET.test(text), 'holds no secret of the form whsec_ and 24 to 64 bytes in base64');
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && text.length <= MAX_URL;
}
