import { generateRegistry, writeSnapshot, type StationRecord } from '#registry';
import type { Database } from '#persistence';
import { RATED_POWER_W } from './truth.ts';

/** Two gateways a station, so that numbers of one must not be taken for those of the other. */
const GATEWAYS_PER_STATION = 2;

export interface GatewayPlace {
  stationCode: string;
  gatewayCode: string;
  deviceCodes: string[];
}

/** Writes stations of the invented registry, with equipment of this fleet, into an empty database. */
export async function writeStations(
  database: Database,
  size: { gateways: number; devicesPerGateway: number },
): Promise<GatewayPlace[]> {
  const all = generateRegistry(1);
  const stationCount = Math.ceil(size.gateways / GATEWAYS_PER_STATION);
  const chosen = all.stations.slice(0, stationCount).map((station, index) => {
    const before = index * GATEWAYS_PER_STATION;
    return withEquipment(station, {
      gateways: Math.min(GATEWAYS_PER_STATION, size.gateways - before),
      devicesPerGateway: size.devicesPerGateway,
    });
  });
  const villages = new Set(
    chosen.flatMap(({ assetShares, revenueShares }) =>
      [...assetShares, ...revenueShares].map(({ villageCode }) => villageCode),
    ),
  );
  const snapshot = {
    ...all,
    villages: all.villages.filter(({ code }) => villages.has(code)),
    stations: chosen,
  };
  await writeSnapshot(database, snapshot, { simulated: true, seed: 1 });
  return chosen.flatMap(({ code, gateways, devices }) =>
    gateways.map((gateway) => ({
      stationCode: code,
      gatewayCode: gateway.code,
      deviceCodes: devices
        .filter(({ gatewayCode }) => gatewayCode === gateway.code)
        .map((device) => device.code),
    })),
  );
}

function withEquipment(
  station: StationRecord,
  { gateways, devicesPerGateway }: { gateways: number; devicesPerGateway: number },
): StationRecord {
  const codes = Array.from({ length: gateways }, (_, index) => `GW0${index + 1}`);
  return {
    ...station,
    gateways: codes.map((code) => ({ code, serial: `${station.code}-${code}` })),
    devices: codes.flatMap((gatewayCode, gateway) =>
      Array.from({ length: devicesPerGateway }, (_, index) => {
        const code = `INV${String(gateway * devicesPerGateway + index + 1).padStart(2, '0')}`;
        return {
          code,
          kind: 'inverter' as const,
          serial: `${station.code}-${code}`,
          model: null,
          ratedPowerW: RATED_POWER_W,
          stringCount: null,
          gatewayCode,
        };
      }),
    ),
    gridAccounts: [],
  };
}
