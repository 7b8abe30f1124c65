import { z } from 'zod';
import {
  choiceCell,
  codeCell,
  dateCell,
  digitsCell,
  fractionCell,
  numberCell,
  optionalCell,
  scaledCell,
  textCell,
} from './cells.ts';

export const IMPORT_KINDS = [
  'villages',
  'stations',
  'devices',
  'shares',
  'tariffs',
  'agri-projects',
] as const;
export type ImportKind = (typeof IMPORT_KINDS)[number];

/** A column of a sheet: the words that its header may be, and the unit that may stand after it in brackets. */
export interface Column {
  /** Header of the template. */
  title: string;
  aliases: readonly string[];
  /** Accepted ways to write the unit. A header with any other unit is refused. */
  units?: readonly string[];
  optional?: boolean;
  /** Shown in the template's example row. */
  example: string;
}

export interface Sheet<Row> {
  title: string;
  columns: Record<string, Column>;
  row: z.ZodType<Row, Record<string, string>>;
}

const NAME_MAX = 60;
/** Village and joint stations have 1 to 10,000 kW (domain.md 7, 39); above it, the unit is wrong. */
const CAPACITY_KW = { min: 1, max: 10_000, decimals: 3, unit: 'kW ' } as const;
/** Lüliang with some room; a place outside has longitude and latitude exchanged, or belongs elsewhere. */
const LONGITUDE = { min: 110, max: 113, decimals: 8, unit: '度' } as const;
const LATITUDE = { min: 36, max: 39, decimals: 8, unit: '度' } as const;
/** Where a lifetime counter begins at zero again: from 16 bits of 0.1 kWh up to ten digits of kWh. */
const COUNTER_MODULUS_KWH = { min: 1000, max: 10_000_000_000, decimals: 3, unit: 'kWh ' } as const;
const KW = ['kw', '千瓦'];
const stationColumn: Column = {
  title: '电站编码',
  aliases: ['电站编号', 'station code', 'station'],
  example: '141124-901',
};
const effectiveFromColumn: Column = {
  title: '生效日期',
  aliases: ['起始日期', 'effective from', 'from'],
  example: '2019-06-30',
};
const effectiveToColumn: Column = {
  title: '失效日期',
  aliases: ['终止日期', 'effective to', 'to'],
  optional: true,
  example: '',
};

export const villageSheet = {
  title: '村',
  columns: {
    code: {
      title: '村编码',
      aliases: ['行政村编码', '村代码', 'village code', 'code'],
      example: '141124100901',
    },
    townshipCode: {
      title: '乡镇编码',
      aliases: ['乡镇代码', 'township code', 'township'],
      example: '141124100',
    },
    name: { title: '村名', aliases: ['村名称', '行政村', 'village name', 'name'], example: '示例村' },
    households: { title: '户数', aliases: ['受益户数', 'households'], units: ['户'], example: '150' },
    posts: { title: '岗位数', aliases: ['公益岗位数', 'posts'], units: ['个'], example: '56' },
  },
  row: z.object({
    code: digitsCell(12),
    townshipCode: digitsCell(9),
    name: textCell(NAME_MAX),
    households: numberCell({ min: 0, max: 20_000, decimals: 0, unit: '户' }),
    posts: numberCell({ min: 0, max: 20_000, decimals: 0, unit: '个' }),
  }),
};

export const stationSheet = {
  title: '电站',
  columns: {
    code: { ...stationColumn, aliases: [...stationColumn.aliases, 'code'] },
    name: { title: '电站名称', aliases: ['站名', 'station name', 'name'], example: '示例村级电站' },
    kind: { title: '类型', aliases: ['电站类型', 'kind', 'type'], example: '单村' },
    townshipCode: {
      title: '乡镇编码',
      aliases: ['乡镇代码', 'township code', 'township'],
      example: '141124100',
    },
    longitude: {
      title: '经度',
      aliases: ['longitude', 'lon', 'lng'],
      units: ['度', '°'],
      example: '110.9921',
    },
    latitude: { title: '纬度', aliases: ['latitude', 'lat'], units: ['度', '°'], example: '37.9508' },
    capacityW: {
      title: '装机容量(kW)',
      aliases: ['装机容量', '装机', '容量', 'capacity'],
      units: KW,
      example: '300',
    },
    ratedAcW: {
      title: '交流额定功率(kW)',
      aliases: ['交流额定功率', '逆变器额定功率', 'rated ac', 'ac power'],
      units: KW,
      example: '260',
    },
    tiltDeg: { title: '倾角', aliases: ['tilt'], units: ['度', '°'], example: '33' },
    azimuthDeg: { title: '方位角', aliases: ['azimuth'], units: ['度', '°'], example: '180' },
    commissionedOn: {
      title: '并网日期',
      aliases: ['投运日期', 'commissioned on', 'commissioned', 'grid date'],
      example: '2018-12-28',
    },
    subsidyClass: { title: '补贴类别', aliases: ['subsidy class', 'subsidy'], example: '国家' },
  },
  row: z.object({
    code: codeCell(),
    name: textCell(NAME_MAX),
    kind: choiceCell({
      单村: 'single',
      联村: 'joint',
      村级电站: 'single',
      联村电站: 'joint',
      single: 'single',
      joint: 'joint',
    }),
    townshipCode: digitsCell(9),
    longitude: numberCell(LONGITUDE),
    latitude: numberCell(LATITUDE),
    capacityW: scaledCell(CAPACITY_KW),
    ratedAcW: scaledCell(CAPACITY_KW),
    tiltDeg: numberCell({ min: 0, max: 90, decimals: 2, unit: '度' }),
    azimuthDeg: numberCell({ min: 0, max: 360, decimals: 2, unit: '度' }),
    commissionedOn: dateCell(),
    subsidyClass: choiceCell({
      国家: 'national',
      地方: 'local',
      无: 'none',
      national: 'national',
      local: 'local',
      none: 'none',
    }),
  }),
};

export const deviceSheet = {
  title: '设备',
  columns: {
    stationCode: stationColumn,
    code: { title: '设备编码', aliases: ['设备编号', 'device code', 'device', 'code'], example: 'INV01' },
    kind: { title: '类型', aliases: ['设备类型', 'kind', 'type'], example: '逆变器' },
    serial: { title: '序列号', aliases: ['sn', 'serial', 'serial number'], example: 'SN000001' },
    model: { title: '型号', aliases: ['model'], optional: true, example: 'SUN2000-60KTL-M0' },
    ratedPowerW: {
      title: '额定功率(kW)',
      aliases: ['额定功率', 'rated power', 'power'],
      units: KW,
      example: '60',
    },
    stringCount: { title: '组串数', aliases: ['strings', 'string count'], optional: true, example: '10' },
    gatewayCode: {
      title: '网关编码',
      aliases: ['采集器编码', 'gateway code', 'gateway'],
      optional: true,
      example: 'GW01',
    },
    counterModulusWh: {
      title: '计数上限(kWh)',
      aliases: ['计数上限', '表底数上限', 'counter modulus', 'modulus'],
      units: ['kwh', '千瓦时', '度'],
      optional: true,
      example: '1000000',
    },
  },
  row: z.object({
    stationCode: codeCell(),
    code: codeCell(),
    kind: choiceCell({ 逆变器: 'inverter', 电表: 'meter', inverter: 'inverter', meter: 'meter' }),
    serial: textCell(NAME_MAX),
    model: optionalCell(textCell(NAME_MAX), null),
    ratedPowerW: scaledCell({ min: 0.1, max: 10_000, decimals: 3, unit: 'kW ' }),
    stringCount: optionalCell(numberCell({ min: 1, max: 32, decimals: 0, unit: '串' }), null),
    gatewayCode: optionalCell(codeCell(), null),
    counterModulusWh: optionalCell(scaledCell(COUNTER_MODULUS_KWH), null),
  }),
};

const BASIS = choiceCell({
  装机容量: 'capacity',
  容量: 'capacity',
  户数: 'households',
  人口: 'population',
  固定: 'fixed',
  capacity: 'capacity',
  households: 'households',
  population: 'population',
  fixed: 'fixed',
});

export const shareSheet = {
  title: '份额',
  columns: {
    stationCode: stationColumn,
    villageCode: { title: '村编码', aliases: ['村代码', 'village code', 'village'], example: '141124100901' },
    right: { title: '份额类别', aliases: ['right', 'share kind', 'kind'], example: '确权' },
    share: { title: '份额', aliases: ['比例', 'share'], example: '400/900' },
    basis: { title: '依据', aliases: ['分配依据', 'basis'], optional: true, example: '装机容量' },
    effectiveFrom: effectiveFromColumn,
    effectiveTo: effectiveToColumn,
  },
  row: z.object({
    stationCode: codeCell(),
    villageCode: digitsCell(12),
    right: choiceCell({ 确权: 'asset', 收益: 'revenue', asset: 'asset', revenue: 'revenue' }),
    share: fractionCell(),
    basis: optionalCell(BASIS, 'capacity'),
    effectiveFrom: dateCell(),
    effectiveTo: optionalCell(dateCell(), null),
  }),
};

export const tariffSheet = {
  title: '电价',
  columns: {
    stationCode: stationColumn,
    component: { title: '电价组成', aliases: ['组成', 'component'], example: '基础电价' },
    priceHaoPerKwh: {
      title: '单价(元/kWh)',
      aliases: ['单价', '电价', 'price'],
      units: ['元/kwh', '元/千瓦时', '元/度', 'yuan/kwh'],
      example: '0.332',
    },
    effectiveFrom: effectiveFromColumn,
    effectiveTo: effectiveToColumn,
  },
  row: z.object({
    stationCode: codeCell(),
    component: choiceCell({
      基础电价: 'base',
      国家补贴: 'subsidy',
      补贴: 'subsidy',
      机制电价差价: 'mechanism_difference',
      base: 'base',
      subsidy: 'subsidy',
      mechanism_difference: 'mechanism_difference',
    }),
    priceHaoPerKwh: scaledCell({ min: 0, max: 3, decimals: 4, unit: '元/kWh ' }),
    effectiveFrom: dateCell(),
    effectiveTo: optionalCell(dateCell(), null),
  }),
};

export const agriProjectSheet = {
  title: '光伏+项目',
  columns: {
    stationCode: stationColumn,
    name: { title: '项目名称', aliases: ['project name', 'project', 'name'], example: '示例光伏+中药材基地' },
    crop: { title: '种养品种', aliases: ['品种', 'crop'], example: '中药材' },
    landMu: {
      title: '占地(亩)',
      aliases: ['占地', '面积', 'land', 'area'],
      units: ['亩', 'mu'],
      example: '12.5',
    },
    startedOn: { title: '开始日期', aliases: ['started on', 'start'], example: '2020-04-10' },
  },
  row: z.object({
    stationCode: codeCell(),
    name: textCell(NAME_MAX),
    crop: textCell(NAME_MAX),
    landMu: numberCell({ min: 0.01, max: 10_000, decimals: 2, unit: '亩' }),
    startedOn: dateCell(),
  }),
};

export const SHEETS = {
  villages: villageSheet,
  stations: stationSheet,
  devices: deviceSheet,
  shares: shareSheet,
  tariffs: tariffSheet,
  'agri-projects': agriProjectSheet,
};

export type VillageRow = z.output<typeof villageSheet.row>;
export type StationRow = z.output<typeof stationSheet.row>;
export type DeviceRow = z.output<typeof deviceSheet.row>;
export type ShareRow = z.output<typeof shareSheet.row>;
export type TariffRow = z.output<typeof tariffSheet.row>;
export type AgriProjectRow = z.output<typeof agriProjectSheet.row>;
