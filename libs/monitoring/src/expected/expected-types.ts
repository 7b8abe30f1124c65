import { z } from 'zod';
import {
  newStation,
  type BandTable,
  type EpochReason,
  type Peer,
  type SiblingMemory,
  type StationMemory,
  type StationModel,
  type SumMemory,
} from '#domain';

/** What is registered of a station, as far as its expected output asks. */
export interface RegisteredStation {
  stationId: number;
  latitudeDeg: number;
  longitudeDeg: number;
  capacityW: number;
  ratedAcW: number;
  townshipCode: string;
  countyCode: string;
  commissionedOn: string;
}

/** What the devices of a station said on a day, beside energy. Shares are of daylight; null is not known. */
export const deviceFactsSchema = z.object({
  receivedSlots: z.number().nullable(),
  dueSlots: z.number().nullable(),
  availability: z.number().nullable(),
  limitedShare: z.number().nullable(),
  temperatureC: z.number().nullable(),
  voltageShare: z.number().nullable(),
  dispersion: z.number().nullable(),
  weakestShare: z.number().nullable(),
  weakestInverter: z.string().nullable(),
  invertersWh: z.number().nullable(),
  meterWh: z.number().nullable(),
});
export type DeviceFacts = z.infer<typeof deviceFactsSchema>;

export const NO_FACTS: DeviceFacts = {
  receivedSlots: null,
  dueSlots: null,
  availability: null,
  limitedShare: null,
  temperatureC: null,
  voltageShare: null,
  dispersion: null,
  weakestShare: null,
  weakestInverter: null,
  invertersWh: null,
  meterWh: null,
};

export interface InverterDay {
  deviceId: number;
  code: string;
  ratedPowerW: number;
  energyWh: number | null;
}

/** Everything that was measured at a station on a day. */
export interface MeasuredDay {
  /** 96 mean powers of quarter hours, W; null is unknown. */
  powersW: (number | null)[];
  energyWh: number | null;
  isWholeDay: boolean;
  energyComputedAt: Date | null;
  priceHaoPerKwh: number;
  inverters: readonly InverterDay[];
  facts: DeviceFacts;
  isOutage: boolean;
  epoch: EpochReason | null;
}

const sumSchema = z.object({
  sum: z.number(),
  isOpen: z.boolean(),
  sinceDay: z.string().nullable(),
  openedDay: z.string().nullable(),
  goodDays: z.number(),
});

const stationMemorySchema = z.object({
  version: z.literal(1),
  accepted: z.array(z.object({ day: z.string(), ratio: z.number(), sigma: z.number() })),
  standardised: z.array(z.number()),
  large: sumSchema,
  small: sumSchema,
  freeze: z.object({ days: z.number() }),
  frozenRatio: z.number().nullable(),
  snowDaysLeft: z.number(),
});

/** What is kept of a station from day to day; plain JSON. */
export const keptStationSchema = z.object({
  version: z.literal(1),
  memory: stationMemorySchema,
  deviations: z.array(z.object({ day: z.string(), deviation: z.number(), skyIndex: z.number() })),
  siblings: z.record(z.string(), z.object({ ratios: z.array(z.number()), sum: sumSchema })),
});
export interface KeptStation {
  version: 1;
  memory: StationMemory;
  deviations: { day: string; deviation: number; skyIndex: number }[];
  siblings: Record<string, SiblingMemory>;
}
const digits = (value: number): number => Math.round(value * 1e5) / 1e5;
const roundSum = (sum: SumMemory): SumMemory => ({ ...sum, sum: digits(sum.sum) });

/** A memory as it is stored: five decimals are more than the weather has. */
export function roundKept(kept: KeptStation): KeptStation {
  const { memory } = kept;
  return {
    version: 1,
    memory: {
      ...memory,
      accepted: memory.accepted.map(({ day, ratio, sigma }) => ({
        day,
        ratio: digits(ratio),
        sigma: digits(sigma),
      })),
      standardised: memory.standardised.map(digits),
      large: roundSum(memory.large),
      small: roundSum(memory.small),
      frozenRatio: memory.frozenRatio === null ? null : digits(memory.frozenRatio),
    },
    deviations: kept.deviations.map(({ day, deviation, skyIndex }) => ({
      day,
      deviation: digits(deviation),
      skyIndex: digits(skyIndex),
    })),
    siblings: Object.fromEntries(
      Object.entries(kept.siblings).map(([id, { ratios, sum }]) => [
        id,
        { ratios: ratios.map(digits), sum: roundSum(sum) },
      ]),
    ),
  };
}

export const newKept = (): KeptStation => ({
  version: 1,
  memory: newStation(),
  deviations: [],
  siblings: {},
});

const bandSchema = z.object({ sigma: z.number(), low: z.number(), high: z.number() });
export const bandTableSchema = z.object({
  version: z.literal(1),
  cells: z.array(bandSchema.nullable()),
  skies: z.array(bandSchema),
});

export const stationModelSchema = z.object({
  version: z.string(),
  tiltDeg: z.number(),
  azimuthDeg: z.number(),
  scale: z.number(),
  limitW: z.number().nullable(),
  horizon: z.array(z.object({ azimuthDeg: z.number(), elevationDeg: z.number() })),
  fittedDays: z.number(),
  errorShare: z.number().nullable(),
});

/** Everything that a day of the fleet is judged with, beside what was measured. */
export interface FleetKnowledge {
  stations: readonly RegisteredStation[];
  models: ReadonlyMap<number, StationModel>;
  candidates: ReadonlyMap<number, readonly Peer[]>;
  /** Median scale of the fitted models, for stations without one; null before any is known. */
  fleetScale: number | null;
}

/** What is remembered of the whole fleet at the end of a day. */
export interface FleetMemory {
  bands: BandTable;
  kept: Map<number, KeptStation>;
}
