import { z } from 'zod';

const port = z.coerce.number().int().min(1).max(65535);
const url = (...protocols: string[]) =>
  z.string().refine(
    (value) => {
      const parsed = URL.parse(value);
      return parsed !== null && protocols.includes(parsed.protocol);
    },
    { message: `must be a URL that begins with ${protocols.join(' or ')}` },
  );

/** An empty variable counts as absent: compose files and shells leave such behind. */
const emptyAsAbsent = (environment: NodeJS.ProcessEnv) =>
  Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));

/**
 * Every setting of every program, each with a default. README and `docs/OPERATIONS.md` list them; a setting that is
 * not here does not exist.
 */
export const environmentSchema = z
  .object({
    NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
    PORT: port.default(3000),
    PV_HOST: z.string().default('127.0.0.1'),
    PV_ACCESS: z.enum(['open', 'closed']).optional(),
    PV_OPEN_READING: z.enum(['on', 'off']).default('off'),
    PV_DEMO_ACCOUNTS: z.enum(['on', 'off']).default('off'),
    PV_TRUSTED_PROXIES: z
      .string()
      .regex(/^[0-9a-fA-F.:/]+(,[0-9a-fA-F.:/]+)*$/, {
        message: 'must be addresses or networks, with commas',
      })
      .optional(),
    PV_DATA_DIR: z.string().default('.data'),
    DATABASE_URL: url('postgres:', 'postgresql:').optional(),
    MQTT_URL: url('mqtt:', 'mqtts:', 'ws:', 'wss:').optional(),
    MQTT_PORT: port.default(1883),
    PV_SIMULATOR: z.enum(['on', 'off']).default('on'),
    PV_SEED: z.coerce.number().int().min(0).max(4_294_967_295).default(1),
    PV_INTERVAL_S: z.coerce.number().int().min(5).max(3600).default(300),
    PV_FAULTS: z.enum(['on', 'off']).default('on'),
    PV_SETTLED_MONTHS: z.coerce.number().int().min(0).max(24).default(12),
    PV_CLOCK_START: z.iso.datetime({ offset: true }).optional(),
    PV_CLOCK_SPEED: z.coerce.number().min(0.1).max(1000).default(1),
    PV_CLOCK_ANCHOR_MS: z.coerce.number().int().positive().optional(),
    PV_CLOCK_NIGHT_DEMO: z.enum(['on', 'off']).default('off'),
    PV_INGEST_ID: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,20}$/)
      .default('ingest-1'),
    PV_INGEST_GROUP: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,20}$/)
      .optional(),
    PV_RESEND_AFTER_S: z.coerce.number().int().min(1).max(86_400).default(60),
    PV_COMPRESS_AFTER_DAYS: z.coerce.number().int().min(32).max(36_500).default(62),
    PV_KEEP_READINGS_DAYS: z.coerce
      .number()
      .int()
      .max(36_500)
      .refine((days) => days === 0 || days >= 400, { message: 'must be 0 (for ever) or at least 400' })
      .default(0),
    PV_SMTP_URL: url('smtp:', 'smtps:').optional(),
    PV_SMTP_FROM: z.string().min(3).max(200).default('sunledger@localhost'),
    PV_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  })
  .superRefine((environment, context) => {
    if (environment.PV_DEMO_ACCOUNTS === 'on' && environment.PV_ACCESS !== 'open')
      context.addIssue({
        code: 'custom',
        path: ['PV_DEMO_ACCOUNTS'],
        message: 'accounts without a password are for an open demo only: PV_ACCESS=open',
      });
    if (environment.NODE_ENV !== 'production') return;
    if (environment.PV_CLOCK_START !== undefined)
      context.addIssue({ code: 'custom', path: ['PV_CLOCK_START'], message: 'production runs on real time' });
    if (environment.PV_CLOCK_SPEED !== 1)
      context.addIssue({ code: 'custom', path: ['PV_CLOCK_SPEED'], message: 'production runs on real time' });
  });
export type Environment = z.infer<typeof environmentSchema>;

/** All problems of the settings at once, each with the name of its variable. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  constructor(readonly problems: { variable: string; message: string }[]) {
    super(
      `${problems.length} setting(s) cannot be used:\n` +
        problems.map(({ variable, message }) => `  ${variable}: ${message}`).join('\n'),
    );
  }
}

/**
 * Reads and checks the settings.
 * @throws EnvironmentError that names every bad setting.
 */
export function readEnvironment(source: NodeJS.ProcessEnv = process.env): Environment {
  const result = environmentSchema.safeParse(emptyAsAbsent(source));
  if (result.success) return result.data;
  throw new EnvironmentError(
    result.error.issues.map((issue) => ({ variable: issue.path.join('.'), message: issue.message })),
  );
}
