import type { NativeBatch, NativeFields } from '#contracts';
import type { DeviceReading, GatewayReading } from './readings.ts';

/** The bytes of a reading as a native gateway batch (`docs/NATIVE-PROTOCOL.md`). */
export function encodeBatch(reading: GatewayReading): string {
  const devices: NativeBatch['devices'] = {};
  for (const device of reading.devices) devices[device.deviceCode] = fieldsOf(device);
  return JSON.stringify({ ts: reading.measuredAtMs, seq: reading.seq, devices } satisfies NativeBatch);
}

/** The same devices at the same time with other values, as a gateway that asks its devices twice may tell them. */
export function contradictionOf(reading: GatewayReading): GatewayReading {
  const devices = reading.devices.map((device) => ({
    ...device,
    activePowerW: Math.floor(device.activePowerW * CONTRADICTED_POWER_SHARE),
    energyTotalWh: device.energyTotalWh + CONTRADICTION_WH,
    energyDayWh: device.energyDayWh + CONTRADICTION_WH,
  }));
  return { ...reading, devices };
}

const CONTRADICTED_POWER_SHARE = 0.9;
/** Believable, so that nothing but the first message tells that it is wrong. */
const CONTRADICTION_WH = 1000;

/** Bytes that nobody can read: the beginning of a batch, as a modem that loses its link leaves it. */
export const encodeGarbage = (reading: GatewayReading): string =>
  `{"ts":${reading.measuredAtMs},"seq":${reading.seq},"devices":{"INV0`;

function fieldsOf(device: DeviceReading): NativeFields {
  const fields: NativeFields = {
    active_power_kw: device.activePowerW / 1000,
    energy_total_kwh: device.energyTotalWh / 1000,
    energy_day_kwh: device.energyDayWh / 1000,
    frequency_hz: device.frequencyChz / 100,
    status: device.status,
  };
  if (device.temperatureDc !== null) fields.temperature_c = device.temperatureDc / 10;
  if (device.faultCode !== null) fields.fault_code = device.faultCode;
  if (device.lineVoltagesDv !== null) {
    const [ab, bc, ca] = device.lineVoltagesDv.map((voltageDv) => voltageDv / 10);
    Object.assign(fields, { voltage_ab_v: ab, voltage_bc_v: bc, voltage_ca_v: ca } satisfies NativeFields);
  }
  const { stringVoltagesDv, stringCurrentsCa } = device;
  if (stringVoltagesDv !== null && stringCurrentsCa !== null) {
    fields.strings = stringVoltagesDv.map((voltageDv, index) => ({
      voltage_v: voltageDv / 10,
      current_a: (stringCurrentsCa[index] ?? 0) / 100,
    }));
  }
  return fields;
}
