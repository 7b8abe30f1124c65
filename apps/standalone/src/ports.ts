import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Environment } from '#platform';

const ASK_EVERY_MS = 250;

/**
 * Checks that api and broker can listen, before anything is started.
 * @param options.waitMs how long to wait for programs that are about to end.
 * @throws Error that names the setting.
 */
export async function requirePorts(
  environment: Environment,
  options: { waitMs: number; signal: AbortSignal },
): Promise<void> {
  const { PORT, MQTT_PORT, MQTT_URL, PV_HOST } = environment;
  const wanted = [
    { setting: 'PORT', port: PORT, host: PV_HOST },
    ...(MQTT_URL === undefined ? [{ setting: 'MQTT_PORT', port: MQTT_PORT, host: '127.0.0.1' }] : []),
  ];
  if (wanted.length > 1 && PORT === MQTT_PORT)
    throw new Error(`PORT and MQTT_PORT are both ${PORT}: page and broker need a port each`);
  const untilMs = Date.now() + options.waitMs;
  for (const each of wanted)
    for (;;) {
      const error = await listenError(each.port, each.host);
      if (error === null) break;
      if (error.code !== 'EADDRINUSE' || Date.now() >= untilMs) throw explain(error, each);
      await delay(ASK_EVERY_MS, undefined, { signal: options.signal });
    }
}

async function listenError(port: number, host: string): Promise<NodeJS.ErrnoException | null> {
  const probe = createServer();
  probe.listen(port, host);
  try {
    await once(probe, 'listening');
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
  probe.close();
  await once(probe, 'close');
  return null;
}

function explain(
  cause: NodeJS.ErrnoException,
  wanted: { setting: string; port: number; host: string },
): Error {
  const { setting, port, host } = wanted;
  if (cause.code === 'EADDRINUSE')
    return new Error(`port ${port} is in use; stop the program that has it or set ${setting} to another`, {
      cause,
    });
  if (cause.code === 'EACCES')
    return new Error(`port ${port} is not allowed; set ${setting} above 1023`, { cause });
  if (cause.code === 'EADDRNOTAVAIL' || cause.code === 'ENOTFOUND')
    return new Error(`this machine does not have the address ${host}; set PV_HOST to one that it has`, {
      cause,
    });
  return cause;
}

/**
 * Where the api is asked from this machine, `http://host:port`: an api on all addresses is asked on the loopback.
 */
export function localUrl(environment: Pick<Environment, 'PV_HOST' | 'PORT'>): string {
  return `http://${localHost(environment.PV_HOST)}:${environment.PORT}`;
}

/** What a person types: `localhost` wherever that leads to the api. */
export function pageUrl(environment: Pick<Environment, 'PV_HOST' | 'PORT'>): string {
  const host = localHost(environment.PV_HOST);
  return `http://${host === '127.0.0.1' || host === '[::1]' ? 'localhost' : host}:${environment.PORT}`;
}

function localHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
