import { createHash, randomBytes } from 'node:crypto';

/** 256 bits: nobody guesses it, so a plain hash of it is enough to keep. */
const TOKEN_BYTES = 32;
const TOKEN_SHAPE = /^[A-Za-z0-9_-]{43}$/;

export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** Hash under which a session is kept; null for what cannot be a token. */
export function tokenHash(token: string): string | null {
  return TOKEN_SHAPE.test(token) ? sha256(token) : null;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
