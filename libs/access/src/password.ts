import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { ProblemError } from '#platform';
import { Turns } from './turns.ts';

const argon2Async = promisify(argon2);

/** Least cost that OWASP names for argon2id (2024): 19 MiB, two passes, one lane. About 30 ms of a core. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const TAG_BYTES = 32;
/** Two cores of the smallest machine; 38 MiB at once, whoever knocks. */
const turns = new Turns({ atOnce: 2, waitingMax: 16 });

const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

interface Stored {
  cost: typeof COST;
  salt: Buffer;
  tag: Buffer;
}

/** @returns a PHC string, `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. @throws ProblemError 503 `access.busy` */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await derive(password, { cost: COST, salt, tagBytes: TAG_BYTES });
  return phcOf({ cost: COST, salt, tag });
}

/**
 * Whether the password is the one of the hash. Without a hash (no such account, or one that no password opens) the same
 * work is done for nothing, so that the time of an answer does not tell which names exist.
 * @throws ProblemError 503 `access.busy`
 */
export async function verifyPassword(password: string, hash: string | null): Promise<boolean> {
  const stored = hash === null ? null : readHash(hash);
  const { cost, salt, tag } = stored ?? {
    cost: COST,
    salt: Buffer.alloc(SALT_BYTES),
    tag: Buffer.alloc(TAG_BYTES),
  };
  const found = await derive(password, { cost, salt, tagBytes: tag.length });
  return timingSafeEqual(found, tag) && stored !== null;
}

/** True where a hash was made at another cost than today's; it is made anew at the next login. */
export function isOutdated(hash: string): boolean {
  const { cost } = readHash(hash);
  return cost.memory !== COST.memory || cost.passes !== COST.passes || cost.parallelism !== COST.parallelism;
}

function derive(
  password: string,
  { cost, salt, tagBytes }: { cost: typeof COST; salt: Buffer; tagBytes: number },
): Promise<Buffer> {
  // The same letters typed on two keyboards may be coded differently.
  const message = Buffer.from(password.normalize('NFKC'), 'utf8');
  const work = () => argon2Async('argon2id', { message, nonce: salt, tagLength: tagBytes, ...cost });
  const turn = turns.take(work);
  if (turn === null) throw new ProblemError(503, 'access.busy', 'too many logins at once; try again');
  return turn;
}

function phcOf({ cost, salt, tag }: Stored): string {
  const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${text(salt)}$${text(tag)}`;
}

function readHash(hash: string): Stored {
  const [, memory, passes, parallelism, salt, tag] = PHC.exec(hash) ?? [];
  if (salt === undefined || tag === undefined) throw new Error('a password hash in the database is damaged');
  return {
    cost: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}
