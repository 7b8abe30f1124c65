import {
  dayEnergy,
  dayStartMs,
  energyBetween,
  powerIntegralSteps,
  QUARTER_HOUR_MS,
  type EnergyStep,
} from '#domain';
import { CounterReader, RollUpRepository, type CountedDevice } from '#monitoring';
import { sql, type Database } from '#persistence';

export interface EnergyQuestion {
  station: string;
  device?: string | undefined;
  fromMs: number;
  toMs: number;
}

/** Energy of devices over any span, from the steps that the roll-up works with. */
export class EnergyReader {
  private readonly reader: CounterReader;

  constructor(private readonly database: Database) {
    this.reader = new CounterReader(database);
  }

  /** Whole Wh that are booked between two instants; null where nothing is known of any of the devices. */
  async between({ station, device, fromMs, toMs }: EnergyQuestion): Promise<number | null> {
    const devices = await this.devices(station, device);
    const steps = await this.steps(devices, fromMs, toMs);
    const known = new Map<CountedDevice['kind'], number>();
    for (const { deviceId, kind } of devices)
      for (const step of steps.get(deviceId) ?? [])
        if (step.toMs > fromMs && step.fromMs < toMs)
          known.set(kind, (known.get(kind) ?? 0) + energyBetween(step, fromMs, toMs));
    return known.get('meter') ?? known.get('inverter') ?? null;
  }

  /** Quarter hours of a day of a device that are known, by the instant at which they begin (epoch ms), Wh. */
  async quarterHours(station: string, device: string, day: string): Promise<Map<number, number>> {
    const startMs = dayStartMs(day);
    const devices = await this.devices(station, device);
    const steps = await this.steps(devices, startMs, dayStartMs(day) + 86_400_000);
    const { quarterHoursWh } = dayEnergy(steps.get(devices[0]?.deviceId ?? -1) ?? [], startMs);
    return new Map(
      quarterHoursWh.flatMap((energyWh, slot) =>
        energyWh === null ? [] : [[startMs + slot * QUARTER_HOUR_MS, energyWh] as const],
      ),
    );
  }

  private async devices(station: string, device: string | undefined): Promise<CountedDevice[]> {
    const rows = await this.database.query<{ id: number; stationId: number }>(sql`
      select d.id, d.station_id as "stationId"
      from device d
      join station s on s.id = d.station_id
      where s.code = ${station} and (${device ?? null}::text is null or d.code = ${device ?? null}::text)`);
    const [first] = rows;
    if (!first) return [];
    const wanted = new Set(rows.map(({ id }) => id));
    const all = await new RollUpRepository(this.database).devicesOf([first.stationId]);
    return all.filter(({ deviceId }) => wanted.has(deviceId));
  }

  private async steps(
    devices: readonly CountedDevice[],
    fromMs: number,
    toMs: number,
  ): Promise<Map<number, readonly EnergyStep[]>> {
    const found = await this.reader.read(devices, { from: new Date(fromMs), to: new Date(toMs) });
    return new Map(
      devices.map(({ deviceId, ratedPowerW }) => {
        const { counter, powers = [] } = found.get(deviceId) ?? {};
        const counted = counter?.steps ?? [];
        // As the roll-up has it: power is for those that do not count.
        return [deviceId, counted.length > 0 ? counted : powerIntegralSteps(powers, { ratedPowerW })];
      }),
    );
  }
}
