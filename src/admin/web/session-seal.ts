import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** What somebody signed in with: a token of the admin API, the root token among them, or an API key. */
export const SESSION_KINDS = ['token', 'key'] as const;
export type SessionKind = (typeof SESSION_KINDS)[number];

/** What a session's cookie says. It holds no secret: the credential is looked up again by its hash on each request. */
export interface SessionClaims {
  /** Tells sessions apart, so that one can be ended. */
  id: string;
  kind: SessionKind;
  /** SHA-256 of the credential, hex. */
  secretHash: string;
  issuedAtMs: number;
  /** When its bearer last did something. */
  seenAtMs: number;
}

/** Seals claims so that only processes with the same admin token can read or make them. */
export interface SessionSeal {
  seal(claims: SessionClaims): string;
  /** Undefined for whatever was not sealed by {@link seal}. */
  open(text: string): SessionClaims | undefined;
}

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Of the sealed form: far more than claims need. */
const CHARACTERS_AT_MOST = 1_024;

/** @param adminToken the source of the key: replicas that share it take each other's cookies; a new one ends them all. */
export function createSessionSeal(adminToken: string): SessionSeal {
  const key = Buffer.from(hkdfSync('sha256', adminToken, '', 'tollgate console session v1', KEY_BYTES));
  return {
    seal(claims) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, iv);
      const { id, kind, secretHash, issuedAtMs, seenAtMs } = claims;
      const text = JSON.stringify([id, kind, secretHash, issuedAtMs, seenAtMs]);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
    },
    open(text) {
      if (text.length > CHARACTERS_AT_MOST) return undefined;
      const bytes = Buffer.from(text, 'base64url');
      if (bytes.length <= IV_BYTES + TAG_BYTES) return undefined;
      try {
        const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
        decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        const body = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
        return readClaims(JSON.parse(body.toString('utf8')));
      } catch {
        // Another key, another version, or tampered with: all the same to whoever asks.
        return undefined;
      }
    },
  };
}

function readClaims(value: unknown): SessionClaims | undefined {
  if (!Array.isArray(value)) return undefined;
  const [id, kind, secretHash, issuedAtMs, seenAtMs] = value as unknown[];
  if (typeof id !== 'string' || typeof secretHash !== 'string') return undefined;
  if (typeof issuedAtMs !== 'number' || typeof seenAtMs !== 'number') return undefined;
  const known = SESSION_KINDS.find((each) => each === kind);
  return known === undefined ? undefined : { id, kind: known, secretHash, issuedAtMs, seenAtMs };
}

export function createSessionId(): string {
  return randomBytes(16).toString('base64url');
}
