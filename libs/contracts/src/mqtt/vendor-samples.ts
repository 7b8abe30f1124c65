/**
 * Messages as vendors document them, with values and numbers that are made up: what a person tries a profile on, and
 * what the tests of the profiles decode. All were measured on 2025-06-01 at 10:00 in Shanghai.
 */

/** Growatt through OpenInverterGateway: W and kWh, without a time and without a name. */
export const OPEN_GATEWAY_SAMPLE = {
  InverterStatus: 1,
  InputPower: 5562.1,
  PV1Voltage: 277.8,
  PV1InputCurrent: 12,
  PV1InputPower: 3333.6,
  OutputPower: 5358,
  GridFrequency: 49.92,
  L1ThreePhaseGridVoltage: 237.1,
  TodayGenerateEnergy: 21.8,
  TotalGenerateEnergy: 1329.7,
  TWorkTimeTotal: 2_420_046,
  InverterTemperature: 72.3,
  BatteryState: 0,
};

/** Growatt through Grott: every register with a divisor of its own, the time as that of the place. */
export const GROTT_SAMPLE = {
  device: 'XGD0000001',
  time: '2025-06-01T10:00:00',
  buffered: 'no',
  values: {
    pvstatus: 1,
    pvpowerin: 98_700,
    pv1voltage: 5621,
    pvpowerout: 96_500,
    pvfrequentie: 4999,
    pvgridvoltage: 2312,
    totworktime: 42_984_395,
    pvenergytoday: 217,
    pvenergytotal: 35_229,
  },
};

/** SMA through SBFspot: day, month, year. */
export const SBFSPOT_SAMPLE = {
  Timestamp: '01/06/2025 10:00:05',
  InvTime: '01/06/2025 10:00:00',
  InvSerial: 2_100_000_001,
  InvName: 'SN: 2100000001',
  InvStatus: 'Ok',
  InvTemperature: 38.2,
  ETotal: 41873.22,
  EToday: 7.31,
  PACTot: 2140,
  UDC1: 401.1,
  GridFreq: 49.98,
};

/** SunSpec model 103 as JSON: a power of ten beside each group of values; -32768 is "not implemented". */
export const SUNSPEC_SAMPLE = {
  model: 103,
  sn: 'SS-000001',
  ts: '2025-06-01T02:00:00Z',
  W: 5000,
  W_SF: -1,
  WH: 12_345_678,
  WH_SF: 0,
  Hz: 5001,
  Hz_SF: -2,
  PhVphA: 2301,
  V_SF: -1,
  TmpCab: -32_768,
  Tmp_SF: -1,
  St: 4,
};
