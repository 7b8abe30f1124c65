import type { DeviceDirectoryEntry, RegistryRepository } from '#registry';
import type { SourceDirectory } from './decoder-set.ts';
import type { MappedSource } from './profile-directory.ts';

/** What ingest must know of a device to judge its readings. */
export type DeviceEntry = Pick<
  DeviceDirectoryEntry,
  'deviceId' | 'stationId' | 'kind' | 'ratedPowerW' | 'commissionedOn'
>;

/** An unknown device makes the directory look again, but no more often than this. */
const RELOAD_UNKNOWN_MS = 5_000;
/** Ratings and dates change too: they are looked up again after this time. */
const RELOAD_MS = 60_000;

/** The word that stands for "the gateway" in topics of stations that have one. */
const ANY_GATEWAY = 'gateway';

/** All devices by station and code, in memory; 7,000 of them take a few megabytes. */
export class DeviceDirectory implements SourceDirectory {
  /** By station, then by device: joining the two codes for each reading would cost more than the look-up. */
  private devices = new Map<string, ReadonlyMap<string, DeviceEntry>>();
  private gateways = new Map<string, number>();
  private stations = new Map<string, number>();
  private sources = new Map<string, MappedSource>();
  private loadedAtMs = 0;

  /** @param mappedSources names of vendors; without it only native messages find their devices. */
  constructor(
    private readonly registry: RegistryRepository,
    private readonly mappedSources: () => Promise<MappedSource[]> = () => Promise.resolve([]),
  ) {}

  async load(): Promise<void> {
    const [entries, gateways, sources] = await Promise.all([
      this.registry.deviceDirectory(),
      this.registry.gatewayDirectory(),
      this.mappedSources(),
    ]);
    this.devices = new Map(
      [...Map.groupBy(entries, ({ stationCode }) => stationCode)].map(([stationCode, own]) => [
        stationCode,
        new Map(own.map((entry) => [entry.deviceCode, entry])),
      ]),
    );
    this.gateways = new Map(
      gateways.map((entry) => [key(entry.stationCode, entry.gatewayCode), entry.stationId]),
    );
    this.stations = new Map(
      [...entries, ...gateways].map(({ stationCode, stationId }) => [stationCode, stationId]),
    );
    this.sources = new Map(sources.map((source) => [key(source.profileId, source.sourceId), source]));
    this.loadedAtMs = Date.now();
  }

  device(stationCode: string, deviceCode: string): DeviceEntry | undefined {
    return this.devices.get(stationCode)?.get(deviceCode);
  }

  /** Station of a gateway. */
  gatewayStationId(stationCode: string, gatewayCode: string): number | undefined {
    return this.gateways.get(key(stationCode, gatewayCode));
  }

  stationId(stationCode: string): number | undefined {
    return this.stations.get(stationCode);
  }

  /** Station of whoever may number messages: a gateway, a device, or "the gateway". */
  senderStationId(stationCode: string, senderCode: string): number | undefined {
    if (senderCode === ANY_GATEWAY) return this.stations.get(stationCode);
    return this.gatewayStationId(stationCode, senderCode) ?? this.device(stationCode, senderCode)?.stationId;
  }

  deviceOfSource(profileId: string, sourceId: string): MappedSource | undefined {
    return this.sources.get(key(profileId, sourceId));
  }

  /** Loads again where the registry may have changed since; sooner where something is missing from it. */
  async reloadIfStale(isMissing: boolean): Promise<void> {
    if (Date.now() - this.loadedAtMs > (isMissing ? RELOAD_UNKNOWN_MS : RELOAD_MS)) await this.load();
  }
}

const key = (stationCode: string, deviceCode: string) => `${stationCode}/${deviceCode}`;
