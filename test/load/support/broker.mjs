// A mosquitto of the machine, configured as deploy/mosquitto says, with a folder and a port of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { track } from './children.mjs';
import { until } from './figures.mjs';
import { root } from './libraries.mjs';

const PLACES = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/opt/homebrew/sbin/mosquitto'];
/** Messages that the broker holds; retained ones, of which its own `$SYS` are most, are among them. */
const STORED_TOPIC = '$SYS/broker/store/messages/count';
const RETAINED_TOPIC = '$SYS/broker/retained messages/count';

export async function startBroker({ freePort }) {
  const binary = PLACES.find((place) => existsSync(place));
  if (!binary) throw new Error('mosquitto is missing: apt-get install mosquitto');
  const folder = await mkdtemp(join(tmpdir(), 'sunledger-bench-broker-'));
  const port = await freePort();
  const deployed = await readFile(join(root, 'deploy/mosquitto/mosquitto.conf'), 'utf8');
  const settings = deployed
    .replace(/^listener .*$/m, `listener ${port} 127.0.0.1`)
    .replace(/^persistence_location .*$/m, `persistence_location ${folder}/`)
    .replaceAll(/^log_type notice\n/gm, '');
  const own = ['sys_interval 1', ...(process.getuid?.() === 0 ? ['user root'] : [])];
  await writeFile(join(folder, 'mosquitto.conf'), `${settings}\n${own.join('\n')}\n`);
  const child = track(spawn(binary, ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' }));
  const url = `mqtt://127.0.0.1:${port}`;
  const watcher = mqtt.connect(url, { reconnectPeriod: 50, clientId: 'bench-watcher' });
  // Refused until mosquitto listens.
  watcher.on('error', () => undefined);
  const figures = {};
  watcher.on('message', (topic, payload) => (figures[topic] = Number(payload)));
  watcher.on('connect', () => watcher.subscribe([STORED_TOPIC, RETAINED_TOPIC]));
  await until('the figures of mosquitto', () => Object.keys(figures).length === 2, { timeoutMs: 20_000 });
  return {
    port,
    url,
    pid: child.pid,
    /** Messages that wait or are on their way, as of the last second. */
    depth: () => Math.max(0, figures[STORED_TOPIC] - figures[RETAINED_TOPIC]),
    async stop() {
      await watcher.endAsync(true);
      const exited = once(child, 'exit');
      // Its queue is of no use to anybody: no time for saving it.
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Makes a session that the broker keeps, so that what is published next waits for this client. */
export async function makeSession(broker, clientId, filter) {
  const client = await mqtt.connectAsync(broker.url, {
    clientId,
    clean: false,
    protocolVersion: 5,
    properties: { sessionExpiryInterval: 86_400 },
  });
  await client.subscribeAsync(filter, { qos: 1 });
  await client.endAsync();
}
