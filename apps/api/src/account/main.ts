import 'reflect-metadata';
import { AccountService, verifyAuditChain, type AccountKeeper } from '#access';
import { Database, migrate } from '#persistence';
import { clockFromEnvironment, ProblemError, readEnvironment, requireDatabaseUrl } from '#platform';
import { readCommand, USAGE, UsageError, type AccountCommand } from './command-line.ts';

/** Accounts from the command line of the server: the first administrator has nobody who could make him. */
const KEEPER: AccountKeeper = { accountId: 'command', name: '命令行', address: null };

const say = (text: string) => void process.stdout.write(`${text}\n`);

try {
  process.exitCode = await run(readCommand(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof ProblemError)) throw error;
  process.stderr.write(`account: ${error.message}\n${error instanceof UsageError ? `\n${USAGE}` : ''}`);
  process.exitCode = 1;
}

async function run(command: AccountCommand): Promise<number> {
  const environment = readEnvironment();
  const url = requireDatabaseUrl(environment);
  await migrate(url);
  const database = Database.connect({ url, applicationName: 'account', poolMax: 1 });
  try {
    if (command.what === 'verify-audit') return await verify(database);
    await carryOut(command, new AccountService(database, clockFromEnvironment(environment)));
    return 0;
  } finally {
    await database.close();
  }
}

async function verify(database: Database): Promise<number> {
  const report = await verifyAuditChain(database);
  if (report.state === 'whole') {
    say(`the audit trail is whole: ${report.events} events, head ${report.headHash}`);
    return 0;
  }
  say(`the audit trail is broken at event ${report.sequence}: ${report.fault}`);
  return 1;
}

async function carryOut(
  command: Exclude<AccountCommand, { what: 'verify-audit' }>,
  accounts: AccountService,
): Promise<void> {
  switch (command.what) {
    case 'create': {
      const { name, role, person = name, counties = null } = command;
      const entry = { name, displayName: person, role, countyCodes: counties };
      const { password } = await accounts.create(entry, KEEPER);
      say(`${name} (${role}) is made; its password until the first login: ${password}`);
      return;
    }
    case 'list':
      for (const account of await accounts.list())
        say(
          [
            account.name.padEnd(20),
            account.role.padEnd(14),
            account.displayName,
            account.countyCodes === null ? '全市' : account.countyCodes.join(','),
            ...(account.isDemo ? ['demo'] : []),
            ...(account.disabledAt === null ? [] : ['disabled']),
          ].join(' '),
        );
      return;
    case 'change': {
      const { name, role, counties } = command;
      const change = {
        ...(role === undefined ? {} : { role }),
        ...(counties === undefined ? {} : { countyCodes: counties }),
      };
      const account = await accounts.change(name, change, KEEPER);
      say(`${name}: ${account.role}, ${account.countyCodes?.join(',') ?? '全市'}; its sessions have ended`);
      return;
    }
    case 'password': {
      const { password } = await accounts.resetPassword(command.name, KEEPER);
      say(`${command.name}: the password until the next login: ${password}`);
      return;
    }
    case 'disable':
    case 'enable':
      await accounts.change(command.name, { isDisabled: command.what === 'disable' }, KEEPER);
      say(`${command.name} is ${command.what}d`);
      return;
  }
}
