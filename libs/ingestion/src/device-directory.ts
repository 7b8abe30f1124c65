import type { DeviceDirectoryEntry, RegistryRepository } from '#registry';

/** What ingest must know of a device to judge its readings. */
export type DeviceEntry = Pick<
  DeviceDirectoryEntry,
  'deviceId' | 'stationId' | 'ratedPowerW' | 'commissionedOn'
>;

/** An unknown device makes the directory look again, but no more often than this. */
const RELOAD_AFTER_MS = 5_000;

/** All devices by station and code, in memory; 7,000 of them take a few megabytes. */
export class DeviceDirectory {
  private devices = new Map<string, DeviceEntry>();
  private stations = new Map<string, number>();
  private loadedAtMs = 0;

  constructor(private readonly registry: RegistryRepository) {}

  async load(): Promise<void> {
    const entries = await this.registry.deviceDirectory();
    this.devices = new Map(entries.map((entry) => [key(entry.stationCode, entry.deviceCode), entry]));
    this.stations = new Map(entries.map(({ stationCode, stationId }) => [stationCode, stationId]));
    this.loadedAtMs = Date.now();
  }

  device(stationCode: string, deviceCode: string): DeviceEntry | undefined {
    return this.devices.get(key(stationCode, deviceCode));
  }

  stationId(stationCode: string): number | undefined {
    return this.stations.get(stationCode);
  }

  /** Loads again where the registry may have grown since. */
  async reloadIfStale(): Promise<void> {
    if (Date.now() - this.loadedAtMs > RELOAD_AFTER_MS) await this.load();
  }
}

const key = (stationCode: string, deviceCode: string) => `${stationCode}/${deviceCode}`;
