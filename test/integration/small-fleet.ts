import { ReadingRepository, type Reading, type ReceivedReading } from '#ingestion';
import { addDays, dayOf, dayStartMs, daysBetween } from '#domain';
import { TimeSeriesDays, type Database } from '#persistence';
import { generateRegistry, RegistryRepository, writeSnapshot, type StationRecord } from '#registry';

/** Five minutes: the step of the readings. */
const STEP_MS = 300_000;
const STEPS_PER_HOUR = 12;
/** The sun of these tests shines evenly from 06:00 on, for twelve hours. */
const SUNRISE_STEP = 6 * STEPS_PER_HOUR;
const SUNSET_STEP = 18 * STEPS_PER_HOUR;
const COUNTER_START_WH = 5_000_000;
const WRITE_ROWS = 2000;

/** A reading of which nothing but the time is known. */
const emptyReading = {
  activePowerW: null,
  energyTotalWh: null,
  energyDayWh: null,
  temperatureDc: null,
  frequencyChz: null,
  lineVoltagesDv: null,
  phaseCurrentsCa: null,
  stringVoltagesDv: null,
  stringCurrentsCa: null,
  status: null,
  faultCode: null,
  seq: null,
  flags: 0,
} satisfies Omit<Reading, 'stationCode' | 'deviceCode' | 'measuredAtMs'>;

export interface SmallFleet {
  /** Three of one county. */
  neighbours: [StationRecord, StationRecord, StationRecord];
  /** Further ones of their county, as many as were asked for. */
  more: StationRecord[];
  /** One of another county. */
  stranger: StationRecord;
  /** A reading of a device as ingest hands it to the repository, received a second after it was measured. */
  reading(
    device: { station: string; device: string },
    measuredAt: string | number,
    fields?: Partial<Reading>,
  ): ReceivedReading;
  /** Makes room for the days of the readings and writes them, in batches. */
  write(readings: readonly ReceivedReading[]): Promise<{ accepted: number; duplicate: number }>;
}

/** Four stations of the invented registry and `more`, each with one meter, in an empty database. */
export async function writeSmallFleet(database: Database, options = { more: 0 }): Promise<SmallFleet> {
  const { neighbours, more, stranger, snapshot } = pickFew(options.more);
  await writeSnapshot(database, snapshot, { simulated: true, seed: 1 });
  const entries = await new RegistryRepository(database).deviceDirectory();
  const devices = new Map(entries.map((entry) => [`${entry.stationCode}/${entry.deviceCode}`, entry]));
  const repository = new ReadingRepository(database);
  return {
    neighbours,
    more,
    stranger,
    reading({ station, device: deviceCode }, measuredAt, fields = {}) {
      const device = devices.get(`${station}/${deviceCode}`);
      if (!device) throw new Error(`${station}/${deviceCode} is not of this fleet`);
      const measuredAtMs = typeof measuredAt === 'number' ? measuredAt : Date.parse(measuredAt);
      return {
        reading: { stationCode: station, deviceCode, measuredAtMs, ...emptyReading, ...fields },
        device,
        receivedAtMs: measuredAtMs + 1000,
      };
    },
    async write(readings) {
      const days = new Set(readings.map(({ reading }) => dayOf(reading.measuredAtMs)));
      await new TimeSeriesDays(database).ensure(days);
      const total = { accepted: 0, duplicate: 0 };
      for (let first = 0; first < readings.length; first += WRITE_ROWS) {
        const batch = readings.slice(first, first + WRITE_ROWS);
        const result = await repository.write({ readings: batch, gatewayChanges: [], quarantined: [] });
        total.accepted += result.accepted;
        total.duplicate += result.duplicate;
      }
      return total;
    },
  };
}

/** Wh that a device adds to its counter in five minutes of {@link evenDays}. */
export const stepWh = (ratedPowerW: number, share: number) =>
  Math.round((ratedPowerW * share) / STEPS_PER_HOUR);

export const meterOf = (station: StationRecord) => {
  const meter = station.devices.find(({ kind }) => kind === 'meter');
  if (!meter) throw new Error(`${station.code} has no meter`);
  return meter;
};

/**
 * Readings of all devices of a station every five minutes while the sun shines, from the begin of a day to an
 * instant, at an even share of the rated power.
 */
export function evenDays(
  fleet: SmallFleet,
  station: StationRecord,
  span: { firstDay: string; untilMs: number; share: number },
): ReceivedReading[] {
  const days = daysBetween(span.firstDay, addDays(dayOf(span.untilMs), 1));
  return station.devices.flatMap(({ code, ratedPowerW }) => {
    const addedWh = stepWh(ratedPowerW, span.share);
    return days.flatMap((day, dayIndex) =>
      Array.from({ length: SUNSET_STEP - SUNRISE_STEP + 1 }, (_, step) => {
        const steps = dayIndex * (SUNSET_STEP - SUNRISE_STEP) + step;
        return fleet.reading(
          { station: station.code, device: code },
          dayStartMs(day) + (SUNRISE_STEP + step) * STEP_MS,
          {
            activePowerW: addedWh * STEPS_PER_HOUR,
            energyTotalWh: COUNTER_START_WH + steps * addedWh,
            status: 'running',
          },
        );
      }).filter(({ reading }) => reading.measuredAtMs <= span.untilMs),
    );
  });
}

function pickFew(moreCount: number) {
  const all = generateRegistry(1);
  const countyOf = new Map(all.townships.map(({ code, countyCode }) => [code, countyCode]));
  const simple = all.stations.filter(
    ({ devices }) => devices.filter(({ kind }) => kind === 'meter').length === 1,
  );
  const county = (station: StationRecord) => countyOf.get(station.townshipCode);
  const [first, ...others] = simple;
  const [second, third, ...rest] = others.filter((station) => first && county(station) === county(first));
  const more = rest.slice(0, moreCount);
  const stranger = others.find((station) => first && county(station) !== county(first));
  if (!first || !second || !third || !stranger) throw new Error('the registry has no four such stations');
  const stations = [first, second, third, ...more, stranger];
  const villages = new Set(
    stations.flatMap(({ assetShares, revenueShares }) =>
      [...assetShares, ...revenueShares].map(({ villageCode }) => villageCode),
    ),
  );
  const neighbours: SmallFleet['neighbours'] = [first, second, third];
  return {
    neighbours,
    more,
    stranger,
    snapshot: { ...all, villages: all.villages.filter(({ code }) => villages.has(code)), stations },
  };
}
