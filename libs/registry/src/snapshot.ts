/**
 * A whole registry as plain data: what the seed generator makes, what the simulator reads, and what is written to
 * the database. Codes are the keys; nothing in here knows database ids. Power in W, energy in Wh, money in fen.
 */
export interface RegistrySnapshot {
  counties: CountyRecord[];
  townships: TownshipRecord[];
  villages: VillageRecord[];
  stations: StationRecord[];
}

export interface CountyRecord {
  code: string;
  name: string;
  seatLongitude: number;
  seatLatitude: number;
}

export interface TownshipRecord {
  code: string;
  countyCode: string;
  name: string;
}

export interface VillageRecord {
  code: string;
  townshipCode: string;
  name: string;
  households: number;
  posts: number;
}

export interface StationRecord {
  code: string;
  name: string;
  kind: 'single' | 'joint';
  townshipCode: string;
  longitude: number;
  latitude: number;
  /** Installed DC power. */
  capacityW: number;
  ratedAcW: number;
  tiltDeg: number;
  /** 180 is south. */
  azimuthDeg: number;
  commissionedOn: string;
  subsidyClass: 'national' | 'local' | 'none';
  gateways: GatewayRecord[];
  devices: DeviceRecord[];
  gridAccounts: GridAccountRecord[];
  catalogueProjects: CatalogueProjectRecord[];
  assetShares: ShareRecord[];
  revenueShares: RevenueShareRecord[];
  tariffs: TariffRecord[];
  agriProjects: AgriProjectRecord[];
  openingSettlement: OpeningSettlementRecord | null;
}

export interface GatewayRecord {
  code: string;
  serial: string;
}

export interface DeviceRecord {
  code: string;
  kind: 'inverter' | 'meter';
  serial: string;
  model: string | null;
  ratedPowerW: number;
  /** Number of strings of an inverter; null for a meter. */
  stringCount: number | null;
  gatewayCode: string;
}

export interface GridAccountRecord {
  accountNo: string;
  meterCode: string;
  accountName: string;
}

export interface CatalogueProjectRecord {
  code: string;
  registeredW: number;
}

/** An exact fraction from `effectiveFrom` up to, not including, `effectiveTo`. */
export interface ShareRecord {
  villageCode: string;
  numerator: bigint;
  denominator: bigint;
  effectiveFrom: string;
  effectiveTo: string | null;
}

export interface RevenueShareRecord extends ShareRecord {
  basis: 'capacity' | 'households' | 'population' | 'fixed';
}

export interface TariffRecord {
  component: 'base' | 'subsidy';
  /** Tax included; 1 hao is 1/10,000 yuan. */
  priceHaoPerKwh: number;
  effectiveFrom: string;
  effectiveTo: string | null;
}

export interface AgriProjectRecord {
  name: string;
  crop: string;
  landMu: number;
  startedOn: string;
}

export interface OpeningSettlementRecord {
  settledFen: bigint;
  asOfDay: string;
  definition: string;
}
