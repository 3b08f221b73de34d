import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type { ChannelTarget } from '../alerts/alert-channel.ts';
import { isPublicAddress } from '../alerts/channels/is-public-address.ts';
import type { ChannelType } from '../domain/alert-kinds.ts';
import type { FieldError } from './problem.ts';

export interface TargetFields {
  url?: string;
  secret?: string;
  to?: string[];
}

export interface TargetRules {
  /** The channel is made by an account's own caller. */
  publicOnly: boolean;
  hasSmtp: boolean;
}

const SECRET_BYTES = 32;

/** Reads where a channel leads. What is wrong with it is told by field, and never repeats an address. */
export function readChannelTarget(
  type: ChannelType,
  fields: TargetFields,
  rules: TargetRules,
): ChannelTarget | FieldError[] {
  const errors = [...findForeignFields(type, fields), ...findMissingFields(type, fields, rules)];
  if (fields.url !== undefined && type !== 'email') errors.push(...findUrlErrors(fields.url, rules));
  if (errors.length > 0) return errors;
  const { url = '', to = [], secret } = fields;
  switch (type) {
    case 'webhook':
      return { type, url, secret: secret ?? `whsec_${randomBytes(SECRET_BYTES).toString('base64')}` };
    case 'email':
      return { type, to };
    default:
      return { type, url };
  }
}

function findForeignFields(type: ChannelType, fields: TargetFields): FieldError[] {
  const isForeign = {
    url: type === 'email' && fields.url !== undefined,
    secret: type !== 'webhook' && fields.secret !== undefined,
    to: type !== 'email' && fields.to !== undefined,
  };
  return Object.entries(isForeign).flatMap(([field, foreign]) =>
    foreign ? [{ field, message: `says nothing of a channel of type ${type}` }] : [],
  );
}

function findMissingFields(type: ChannelType, fields: TargetFields, { hasSmtp }: TargetRules): FieldError[] {
  if (type !== 'email') return fields.url === undefined ? [{ field: 'url', message: 'is required' }] : [];
  const errors: FieldError[] = fields.to === undefined ? [{ field: 'to', message: 'is required' }] : [];
  if (!hasSmtp) errors.push({ field: 'type', message: 'cannot be email: SMTP_URL is not set' });
  return errors;
}

function findUrlErrors(text: string, { publicOnly }: TargetRules): FieldError[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const refuse = (message: string): FieldError[] => [{ field: 'url', message }];
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    return refuse('must be an http:// or https:// URL');
  }
  if (url.username !== '' || url.password !== '') return refuse('must not have a user and password in it');
  if (!publicOnly) return [];
  if (url.protocol !== 'https:') return refuse('must be an https:// URL');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isPrivate = isIP(host) === 0 ? isLocalName(host) : !isPublicAddress(host);
  // What another name means is judged when it is connected to.
  return isPrivate ? refuse('must lead to a public address') : [];
}

function isLocalName(host: string): boolean {
  const name = host.replace(/\.$/, '').toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost') || !name.includes('.');
}
