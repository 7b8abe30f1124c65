import type { StationDetail } from '#contracts';
import type { StationFacts } from '#registry';
import type { LatestOfDevice } from './station.repository.ts';
import type { StationView } from './station-view.ts';

type DeviceView = StationDetail['devices'][number];

/** A device that was not heard this long is offline while its station reports. */
const SILENT_MS = 30 * 60_000;
/** Below this share of its rating an inverter makes nothing. */
const ZERO_SHARE = 0.01;

/** Names of `reading.status`, by number; the numbers are written by ingestion and never change. */
const STATUS_NAMES: Record<number, string> = {
  1: 'running',
  2: 'limited',
  3: 'standby',
  4: 'night',
  5: 'fault',
  6: 'stopped',
  7: 'comm_lost',
};

/** The equipment of a station with what each device last said. */
export function deviceViews(parts: {
  equipment: StationFacts['equipment'];
  latest: readonly LatestOfDevice[];
  view: StationView;
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
      state: device.kind === 'gateway' ? gatewayState(parts.view) : deviceState(row, device, parts),
      measuredAt: row?.measuredAt?.toISOString() ?? null,
      receivedAt:
        (device.kind === 'gateway' ? parts.view.now.contactAt : row?.receivedAt)?.toISOString() ?? null,
      powerW: row?.powerW ?? null,
      energyTotalWh: row?.energyTotalWh ?? null,
      todayWh: row?.todayWh ?? null,
      temperatureC:
        row?.temperatureDc === null || row?.temperatureDc === undefined ? null : row.temperatureDc / 10,
      deviceStatus:
        row?.status === null || row?.status === undefined ? null : (STATUS_NAMES[row.status] ?? null),
      faultCode: row?.faultCode ?? null,
    };
  });
}

function gatewayState(view: StationView): DeviceView['state'] {
  if (view.now.contactAt === null) return 'unknown';
  return view.reporting && view.now.gatewayOnline !== false ? 'generating' : 'offline';
}

function deviceState(
  row: LatestOfDevice | undefined,
  device: StationFacts['equipment'][number],
  parts: { view: StationView; nowMs: number },
): DeviceView['state'] {
  if (!row?.measuredAt) return 'unknown';
  const isNight = parts.view.state === 'night';
  if (parts.nowMs - row.measuredAt.getTime() > SILENT_MS)
    return isNight && device.kind === 'inverter' ? 'night' : 'offline';
  const status = row.status === null ? undefined : STATUS_NAMES[row.status];
  if (status === 'fault') return 'fault';
  if (status === 'limited') return 'limited';
  if (row.powerW === null) return 'unknown';
  if (row.powerW >= (device.ratedPowerW ?? 0) * ZERO_SHARE) return 'generating';
  return isNight || status === 'night' ? 'night' : 'zero';
}
