import { sql, type Database } from '#persistence';

/** What ingest must know of a device to judge its readings. */
export interface DeviceEntry {
  deviceId: number;
  stationId: number;
  ratedPowerW: number;
  commissionedOn: string;
}

/** An unknown device makes the directory look again, but no more often than this. */
const RELOAD_AFTER_MS = 5_000;

/** All devices by station and code, in memory; 7,000 of them take a few megabytes. */
export class DeviceDirectory {
  private devices = new Map<string, DeviceEntry>();
  private stations = new Map<string, number>();
  private loadedAtMs = 0;

  constructor(private readonly database: Database) {}

  async load(): Promise<void> {
    const rows = await this.database.query<DeviceEntry & { stationCode: string; deviceCode: string }>(sql`
      select d.id as "deviceId", d.station_id as "stationId", d.rated_power_w as "ratedPowerW",
        s.commissioned_on as "commissionedOn", s.code as "stationCode", d.code as "deviceCode"
      from device d
      join station s on s.id = d.station_id`);
    const stations = await this.database.query<{ id: number; code: string }>(
      sql`select id, code from station`,
    );
    this.devices = new Map(rows.map((row) => [key(row.stationCode, row.deviceCode), row]));
    this.stations = new Map(stations.map(({ code, id }) => [code, id]));
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
