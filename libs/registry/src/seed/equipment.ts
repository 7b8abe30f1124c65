import type { DeviceRecord, GatewayRecord } from '../snapshot.ts';
import { randomFor, type Random } from './random.ts';

/** Gateways, inverters and the one meter of a station, with the AC power that its inverters sum to, W. */
export interface Equipment {
  gateways: GatewayRecord[];
  devices: DeviceRecord[];
  ratedAcW: number;
}

interface InverterModel {
  model: string;
  ratedKw: number;
  /** String inputs of the model. */
  inputs: number;
}

/** String inverters of the years 2017–2019 that are common on village stations. */
const MODELS: Record<'huawei' | 'sungrow', { mark: string; models: readonly InverterModel[] }> = {
  huawei: {
    mark: 'H',
    models: [
      { model: 'SUN2000-60KTL-M0', ratedKw: 60, inputs: 12 },
      { model: 'SUN2000-50KTL-M0', ratedKw: 50, inputs: 12 },
      { model: 'SUN2000-36KTL', ratedKw: 36, inputs: 8 },
    ],
  },
  sungrow: {
    mark: 'S',
    models: [
      { model: 'SG60KTL', ratedKw: 60, inputs: 14 },
      { model: 'SG50KTL-M', ratedKw: 50, inputs: 12 },
      { model: 'SG36KTL-M', ratedKw: 36, inputs: 8 },
      { model: 'SG33KTL-M', ratedKw: 33, inputs: 8 },
    ],
  },
};
const HUAWEI_PROBABILITY = 0.6;
/** Stations below this are built from the smaller models. */
const SMALL_STATION_KW = 150;
const MEDIUM_STATION_KW = 500;
/** Above this a station has a second gateway, and the inverters are shared between the two. */
const TWO_GATEWAYS_ABOVE_KW = 2000;
/** Installed DC over rated AC power. */
const DC_AC_RATIO = { min: 1.12, max: 1.18 } as const;
/** One string of 20 to 22 modules of about 300 W. */
const STRING_KW = 6.3;
/** How many kW off the wanted AC power one inverter of another model is worth. */
const MIX_PENALTY_KW = 0.4;
const SECOND_MODEL_MAX = 3;

/** Equipment of a station. Serial numbers begin with SIM, so that nobody looks for them in a store. */
export function equipStation(seed: number, code: string, capacityKw: number): Equipment {
  const random = randomFor(seed, 'equipment', code);
  const vendor = MODELS[random.chance(HUAWEI_PROBABILITY) ? 'huawei' : 'sungrow'];
  const models = chooseInverters({ capacityKw, models: vendor.models, random });
  const ratedAcKw = models.reduce((sum, { ratedKw }) => sum + ratedKw, 0);
  const gateways = gatewayCodes(capacityKw).map((gateway) => ({
    code: gateway,
    serial: serialOf('G', code, gateway),
  }));
  const meter: DeviceRecord = {
    code: 'M01',
    kind: 'meter',
    serial: serialOf('M', code, '01'),
    model: 'DTSD',
    ratedPowerW: ratedAcKw * 1000,
    stringCount: null,
    gatewayCode: 'GW01',
  };
  const inverters = models.map(({ model, ratedKw, inputs }, index): DeviceRecord => {
    const number = String(index + 1).padStart(2, '0');
    const dcKw = (capacityKw * ratedKw) / ratedAcKw;
    const half = models.length / gateways.length;
    return {
      code: `INV${number}`,
      kind: 'inverter',
      serial: serialOf(vendor.mark, code, number),
      model,
      ratedPowerW: ratedKw * 1000,
      stringCount: Math.min(inputs, Math.max(1, Math.round(dcKw / STRING_KW))),
      gatewayCode: gateways[Math.floor(index / half)]?.code ?? 'GW01',
    };
  });
  return { gateways, devices: [...inverters, meter], ratedAcW: ratedAcKw * 1000 };
}

const gatewayCodes = (capacityKw: number) =>
  capacityKw > TWO_GATEWAYS_ABOVE_KW ? ['GW01', 'GW02'] : ['GW01'];
const serialOf = (mark: string, stationCode: string, number: string) =>
  `SIM${mark}${stationCode.replace('-', '')}${number.replace(/\D/g, '').padStart(3, '0')}`;

/** The run of one model, with at most a few of a second, that comes nearest to the wanted AC power. */
function chooseInverters(options: {
  capacityKw: number;
  models: readonly InverterModel[];
  random: Random;
}): InverterModel[] {
  const { capacityKw, models, random } = options;
  const wantedKw = capacityKw / random.between(DC_AC_RATIO.min, DC_AC_RATIO.max);
  const fitting = models.filter(({ ratedKw }) =>
    capacityKw < SMALL_STATION_KW ? ratedKw < 50 : capacityKw < MEDIUM_STATION_KW || ratedKw >= 50,
  );
  const main = random.pick(fitting);
  let best: { gap: number; inverters: InverterModel[] } = { gap: Infinity, inverters: [main] };
  for (const second of models) {
    for (let seconds = 0; seconds <= SECOND_MODEL_MAX; seconds++) {
      const mains = Math.max(0, Math.round((wantedKw - seconds * second.ratedKw) / main.ratedKw));
      const offKw = Math.abs(mains * main.ratedKw + seconds * second.ratedKw - wantedKw);
      const gap = offKw + (second === main ? 0 : seconds * MIX_PENALTY_KW);
      if (mains + seconds > 0 && gap < best.gap) {
        const inverters = [...repeat(main, mains), ...repeat(second, seconds)];
        best = { gap, inverters };
      }
    }
  }
  return best.inverters;
}

const repeat = <T>(item: T, times: number): T[] => Array.from({ length: times }, () => item);
