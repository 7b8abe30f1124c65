import type { DeviceDirectoryEntry, RegistryRepository } from '#registry';

/** What ingest must know of a device to judge its readings. */
export type DeviceEntry = Pick<
  DeviceDirectoryEntry,
  'deviceId' | 'stationId' | 'ratedPowerW' | 'commissionedOn'
>;

/** An unknown device makes the directory look again, but no more often than this. */
const RELOAD_UNKNOWN_MS = 5_000;
/** Ratings and dates change too: they are looked up again after this time. */
const RELOAD_MS = 60_000;

/** All devices by station and code, in memory; 7,000 of them take a few megabytes. */
export class DeviceDirectory {
  private devices = new Map<string, DeviceEntry>();
  private gateways = new Map<string, number>();
  private loadedAtMs = 0;

  constructor(private readonly registry: RegistryRepository) {}

  async load(): Promise<void> {
    const [entries, gateways] = await Promise.all([
      this.registry.deviceDirectory(),
      this.registry.gatewayDirectory(),
    ]);
    this.devices = new Map(entries.map((entry) => [key(entry.stationCode, entry.deviceCode), entry]));
    this.gateways = new Map(
      gateways.map((entry) => [key(entry.stationCode, entry.gatewayCode), entry.stationId]),
    );
    this.loadedAtMs = Date.now();
  }

  device(stationCode: string, deviceCode: string): DeviceEntry | undefined {
    return this.devices.get(key(stationCode, deviceCode));
  }

  /** Station of a gateway. */
  gatewayStationId(stationCode: string, gatewayCode: string): number | undefined {
    return this.gateways.get(key(stationCode, gatewayCode));
  }

  /** Loads again where the registry may have changed since; sooner where something is missing from it. */
  async reloadIfStale(isMissing: boolean): Promise<void> {
    if (Date.now() - this.loadedAtMs > (isMissing ? RELOAD_UNKNOWN_MS : RELOAD_MS)) await this.load();
  }
}

const key = (stationCode: string, deviceCode: string) => `${stationCode}/${deviceCode}`;
