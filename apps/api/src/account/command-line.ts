import { parseArgs } from 'node:util';
import { z } from 'zod';
import { accountNameSchema, displayNameSchema, roleSchema } from '#contracts';

/** What is typed after `npm run account --`. */
export const USAGE = `npm run account -- create NAME --person 姓名 --role ROLE [--counties 141124,141125]
npm run account -- list
npm run account -- change NAME [--role ROLE] [--counties CODES|all]
npm run account -- password NAME
npm run account -- disable NAME
npm run account -- enable NAME
npm run account -- verify-audit

ROLE: operator 运维, clerk 经办, checker 复核, auditor 审计, administrator 管理员.
It works on the database of DATABASE_URL; a new password is printed once.
`;

/** The command cannot be understood; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const countiesSchema = z
  .string()
  .transform((text) => (text === 'all' ? null : text.split(',').filter((code) => code !== '')))
  .pipe(z.array(z.string()).min(1).nullable());

const commandSchema = z.discriminatedUnion('what', [
  z.strictObject({
    what: z.literal('create'),
    name: accountNameSchema,
    person: displayNameSchema.optional(),
    role: roleSchema,
    counties: countiesSchema.optional(),
  }),
  z.strictObject({ what: z.literal('list') }),
  z.strictObject({
    what: z.literal('change'),
    name: accountNameSchema,
    role: roleSchema.optional(),
    counties: countiesSchema.optional(),
  }),
  z.strictObject({ what: z.literal('password'), name: accountNameSchema }),
  z.strictObject({ what: z.literal('disable'), name: accountNameSchema }),
  z.strictObject({ what: z.literal('enable'), name: accountNameSchema }),
  z.strictObject({ what: z.literal('verify-audit') }),
]);
export type AccountCommand = z.infer<typeof commandSchema>;

/** @throws UsageError */
export function readCommand(args: readonly string[]): AccountCommand {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { person: { type: 'string' }, role: { type: 'string' }, counties: { type: 'string' } },
    });
    const [what, name, ...rest] = positionals;
    if (rest.length > 0) throw new UsageError(`what is "${rest.join(' ')}"?`);
    return commandSchema.parse({ what, ...(name === undefined ? {} : { name }), ...values });
  } catch (error) {
    if (error instanceof z.ZodError)
      throw new UsageError(
        error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'),
      );
    // parseArgs says what it does not know.
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}
