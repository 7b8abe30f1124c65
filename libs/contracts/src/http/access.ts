import { z } from 'zod';
import { PASSWORD_LENGTH_MIN, PERMISSIONS, ROLES } from '#domain';
import { instantSchema } from '../common.ts';

/** Longer ones only cost time. */
const PASSWORD_LENGTH_MAX = 200;

export const roleSchema = z.enum(ROLES).meta({ description: '运维, 经办, 复核, 审计, 管理员' });
const permissionSchema = z.enum(PERMISSIONS);

/** Name typed at the login: small letters, digits, dot, dash; capitals are taken as small ones. */
export const accountNameSchema = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9._-]{1,39}$/);
/** Name of the person as it stands under what he did; one account a name. */
export const displayNameSchema = z.string().trim().min(2).max(40);
const newPasswordSchema = z.string().min(PASSWORD_LENGTH_MIN).max(PASSWORD_LENGTH_MAX);

const accountViewSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    displayName: z.string(),
    role: roleSchema,
    countyCodes: z.array(z.string()).nullable().meta({ description: 'Null: the whole city' }),
    isDemo: z.boolean(),
    mustChangePassword: z.boolean(),
  })
  .meta({ id: 'Account' });

/** `GET /api/v1/session`: who asks, and what he may do. */
export const sessionViewSchema = z
  .object({
    access: z.enum(['open', 'closed']).meta({
      description: 'open: who sits at the machine itself needs no login (demo)',
    }),
    readingNeedsLogin: z.boolean(),
    account: accountViewSchema.nullable(),
    permissions: z.array(permissionSchema),
    endsAt: instantSchema.nullable().meta({ description: 'End of the session whatever happens, real time' }),
    demoAccounts: z
      .array(accountViewSchema.pick({ name: true, displayName: true, role: true }))
      .meta({ description: 'Accounts of the demo, taken without a password; empty on a real server' }),
  })
  .meta({ id: 'Session' });
export type SessionView = z.infer<typeof sessionViewSchema>;

// A name or password of another shape is a wrong one, not an error of its own: the answer must not tell which names can be.
export const loginSchema = z.strictObject({
  name: z.string().trim().toLowerCase().min(1).max(100),
  password: z.string().min(1).max(PASSWORD_LENGTH_MAX),
});
export type LoginEntry = z.infer<typeof loginSchema>;

export const demoLoginSchema = z.strictObject({ name: accountNameSchema });
export type DemoLoginEntry = z.infer<typeof demoLoginSchema>;

export const passwordChangeSchema = z.strictObject({
  current: z.string().min(1).max(PASSWORD_LENGTH_MAX),
  next: newPasswordSchema,
});
export type PasswordChange = z.infer<typeof passwordChangeSchema>;

/** Events of one page of the audit trail. */
export const AUDIT_PAGE_SIZE = 50;
export const auditQuerySchema = z.strictObject({
  before: z.coerce.number().int().min(1).optional().meta({ description: 'Events older than this number' }),
});
export type AuditQuery = z.infer<typeof auditQuerySchema>;
export const auditListSchema = z
  .object({
    items: z.array(
      z.object({
        sequence: z.number().int(),
        at: instantSchema,
        accountId: z.string().nullable(),
        accountName: z.string().nullable(),
        action: z.string(),
        subject: z.string(),
        before: z.unknown(),
        after: z.unknown(),
        address: z.string().nullable(),
      }),
    ),
    nextBefore: z.number().int().nullable(),
  })
  .meta({ id: 'AuditList' });
export type AuditList = z.infer<typeof auditListSchema>;
