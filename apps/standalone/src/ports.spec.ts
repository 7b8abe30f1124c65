import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freePort } from '#persistence';
import { readEnvironment } from '#platform';
import { localUrl, pageUrl, requirePorts } from './ports.ts';

const { signal } = new AbortController();

describe('ports', () => {
  it('names the setting of a port that is in use, after it had time to become free', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const address = blocker.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const environment = readEnvironment({ PORT: String(port), MQTT_PORT: String(await freePort()) });
    await expect(requirePorts(environment, { waitMs: 0, signal })).rejects.toThrow(
      `port ${port} is in use; stop the program that has it or set PORT to another`,
    );
    const waiting = requirePorts(environment, { waitMs: 10_000, signal });
    blocker.close();
    await expect(waiting).resolves.toBeUndefined();
  });

  it('wants a port each for page and broker, unless the broker is elsewhere', async () => {
    const port = String(await freePort());
    const same = { PORT: port, MQTT_PORT: port };
    await expect(requirePorts(readEnvironment(same), { waitMs: 0, signal })).rejects.toThrow(
      'PORT and MQTT_PORT are both',
    );
    await expect(
      requirePorts(readEnvironment({ ...same, MQTT_URL: 'mqtt://broker' }), { waitMs: 0, signal }),
    ).resolves.toBeUndefined();
  });

  it('names PV_HOST where the machine does not have the address', async () => {
    const environment = readEnvironment({ PV_HOST: '203.0.113.1', PORT: String(await freePort()) });
    await expect(requirePorts(environment, { waitMs: 0, signal })).rejects.toThrow('set PV_HOST');
  });

  it.each([
    ['127.0.0.1', 'http://127.0.0.1:3000', 'http://localhost:3000'],
    ['0.0.0.0', 'http://127.0.0.1:3000', 'http://localhost:3000'],
    ['::', 'http://[::1]:3000', 'http://localhost:3000'],
    ['192.168.1.5', 'http://192.168.1.5:3000', 'http://192.168.1.5:3000'],
    ['fd00::5', 'http://[fd00::5]:3000', 'http://[fd00::5]:3000'],
    ['localhost', 'http://localhost:3000', 'http://localhost:3000'],
  ])('asks an api on %s at an address that leads there', (PV_HOST, local, page) => {
    expect(localUrl({ PV_HOST, PORT: 3000 })).toBe(local);
    expect(pageUrl({ PV_HOST, PORT: 3000 })).toBe(page);
  });
});
