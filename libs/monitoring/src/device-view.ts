import { DEVICE_STATUS_CODES, type StationDetail } from '#contracts';
import { STATE_THRESHOLDS } from '#domain';
import type { StationFacts } from '#registry';
import type { LatestOfDevice } from './station.repository.ts';
import type { StationView } from './station-view.ts';

type DeviceView = StationDetail['devices'][number];

const statusNames = new Map(Object.entries(DEVICE_STATUS_CODES).map(([name, code]) => [code, name]));

/** The equipment of a station with what each device last said. */
export function deviceViews(parts: {
  equipment: StationFacts['equipment'];
  latest: readonly LatestOfDevice[];
  view: StationView;
  /** What the broker last said of each gateway. */
  gateways: ReadonlyMap<string, boolean>;
  nowMs: number;
}): DeviceView[] {
  const byCode = new Map(parts.latest.map((row) => [row.code, row]));
  return parts.equipment.map((device) => {
    const row = device.kind === 'gateway' ? undefined : byCode.get(device.code);
    const base = {
      code: device.code,
      kind: device.kind,
      serial: device.serial,
      model: device.model,
      ratedPowerW: device.ratedPowerW,
    };
    return {
      ...base,
      state: device.kind === 'gateway' ? gatewayState(parts, device.code) : deviceState(row, device, parts),
      measuredAt: row?.measuredAt?.toISOString() ?? null,
      receivedAt:
        (device.kind === 'gateway' ? parts.view.now.contactAt : row?.receivedAt)?.toISOString() ?? null,
      powerW: row?.powerW ?? null,
      energyTotalWh: row?.energyTotalWh ?? null,
      todayWh: row?.todayWh ?? null,
      temperatureC:
        row?.temperatureDc === null || row?.temperatureDc === undefined ? null : row.temperatureDc / 10,
      deviceStatus:
        row?.status === null || row?.status === undefined ? null : (statusNames.get(row.status) ?? null),
      faultCode: row?.faultCode ?? null,
    };
  });
}

/** A gateway makes nothing; it is there or it is not. */
function gatewayState(
  parts: { view: StationView; gateways: ReadonlyMap<string, boolean> },
  code: string,
): DeviceView['state'] {
  if (parts.view.now.contactAt === null) return 'unknown';
  return parts.view.reporting && parts.gateways.get(code) !== false ? 'generating' : 'offline';
}

function deviceState(
  row: LatestOfDevice | undefined,
  device: StationFacts['equipment'][number],
  parts: { view: StationView; nowMs: number },
): DeviceView['state'] {
  if (!row?.measuredAt) return 'unknown';
  const isNight = parts.view.state === 'night';
  if (parts.nowMs - row.measuredAt.getTime() > STATE_THRESHOLDS.silentMinMs)
    return isNight && device.kind === 'inverter' ? 'night' : 'offline';
  const status = row.status === null ? undefined : statusNames.get(row.status);
  if (status === 'fault') return 'fault';
  if (status === 'limited') return 'limited';
  if (row.powerW === null) return 'unknown';
  if (row.powerW >= (device.ratedPowerW ?? 0) * STATE_THRESHOLDS.zeroShare) return 'generating';
  return isNight || status === 'night' ? 'night' : 'zero';
}
