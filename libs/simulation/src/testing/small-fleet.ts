import type { DeviceRecord, RegistrySnapshot, StationRecord } from '#registry';

/** A small hand-made fleet for tests: stations `S01` … in two counties, three inverters and a meter each. */
export function smallFleet(stationCount: number): RegistrySnapshot {
  const counties = [
    { code: '141124', name: '临县', seatLongitude: 110.9921, seatLatitude: 37.9508 },
    { code: '141126', name: '石楼县', seatLongitude: 110.8346, seatLatitude: 36.9986 },
  ];
  return {
    counties,
    townships: counties.map(({ code }) => ({ code: `${code}001`, countyCode: code, name: '城关镇' })),
    villages: [],
    stations: Array.from({ length: stationCount }, (_, index) =>
      stationOf(`S${String(index + 1).padStart(2, '0')}`, counties[index % 2]?.code ?? ''),
    ),
  };
}

function stationOf(code: string, countyCode: string): StationRecord {
  return {
    code,
    name: `测试电站 ${code}`,
    kind: 'single',
    townshipCode: `${countyCode}001`,
    longitude: 110.95,
    latitude: 37.6,
    capacityW: 150_000,
    ratedAcW: 130_000,
    tiltDeg: 33,
    azimuthDeg: 180,
    commissionedOn: '2018-12-20',
    subsidyClass: 'national',
    gateways: [{ code: 'GW01', serial: `G-${code}` }],
    devices: [
      deviceOf(code, 'INV01', 50_000),
      deviceOf(code, 'INV02', 50_000),
      deviceOf(code, 'INV03', 30_000),
      { ...deviceOf(code, 'M01', 130_000), kind: 'meter', stringCount: null },
    ],
    gridAccounts: [],
    catalogueProjects: [],
    assetShares: [],
    revenueShares: [],
    tariffs: [],
    agriProjects: [],
    openingSettlement: null,
  };
}

function deviceOf(station: string, code: string, ratedPowerW: number): DeviceRecord {
  return {
    code,
    kind: 'inverter',
    serial: `${station}-${code}`,
    model: null,
    ratedPowerW,
    stringCount: 8,
    gatewayCode: 'GW01',
  };
}
