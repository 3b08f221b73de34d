import { hash, randomBytes } from 'node:crypto';

export interface KeySecret {
  /** Shown once, never stored. */
  secret: string;
  /** SHA-256, hex: what is stored and looked up. */
  secretHash: string;
  hint: string;
}

const KEY_PREFIX = 'tg_';
const TOKEN_PREFIX = 'tga_';
const SECRET_BYTES = 32;
const KEY_PATTERN = /^tg_[A-Za-z0-9_-]{43}$/;
const TOKEN_PATTERN = /^tga_[A-Za-z0-9_-]{43}$/;
const HINT_CHARACTERS = 4;

/** A new API key: `tg_` and 256 random bits in base64url. */
export function createKeySecret(): KeySecret {
  return createSecret(KEY_PREFIX);
}

/** A new access token of the admin API: `tga_` and 256 random bits in base64url. */
export function createTokenSecret(): KeySecret {
  return createSecret(TOKEN_PREFIX);
}

function createSecret(prefix: string): KeySecret {
  const secret = prefix + randomBytes(SECRET_BYTES).toString('base64url');
  return { secret, secretHash: hashKeySecret(secret), hint: secret.slice(0, prefix.length + HINT_CHARACTERS) };
}

/**
 * SHA-256 in hex. A plain hash is enough, for the input has 256 bits of chance and cannot be guessed from it; and
 * a look-up by hash tells an attacker's clock nothing about the secret.
 */
export function hashKeySecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/** Whether a text has the form of a key: what has not is refused without asking the store. */
export function isKeySecret(text: string): boolean {
  return KEY_PATTERN.test(text);
}

/** Whether a text has the form of an access token. */
export function isTokenSecret(text: string): boolean {
  return TOKEN_PATTERN.test(text);
}
