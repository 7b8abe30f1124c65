import type { DeviceStatus } from '#contracts';

const byCode = (codes: readonly (readonly [number, DeviceStatus])[]): Record<string, DeviceStatus> =>
  Object.fromEntries(codes.map(([code, status]) => [String(code), status]));

/** Register 32089 of SUN2000 (domain.md 3.4). Curves of grid scheduling shape the reactive power of a running device. */
export const HUAWEI_STATUSES = byCode([
  [0x0000, 'standby'],
  [0x0001, 'standby'],
  [0x0002, 'standby'],
  [0x0003, 'standby'],
  [0x0100, 'standby'],
  [0x0200, 'running'],
  [0x0201, 'limited'],
  [0x0202, 'limited'],
  [0x0203, 'running'],
  [0x0300, 'fault'],
  [0x0301, 'stopped'],
  [0x0302, 'fault'],
  [0x0303, 'comm_lost'],
  [0x0304, 'limited'],
  [0x0305, 'stopped'],
  [0x0307, 'stopped'],
  [0x030a, 'stopped'],
  [0x0401, 'running'],
  [0x0402, 'running'],
  [0x0403, 'running'],
  [0x0405, 'running'],
  [0x0600, 'standby'],
  [0x0700, 'standby'],
  [0x0800, 'standby'],
  [0xa000, 'night'],
]);

/** Register 5038 of Sungrow SG (domain.md 3.4). An alarm run still generates. */
export const SUNGROW_STATUSES = byCode([
  [0x0000, 'running'],
  [0x8000, 'stopped'],
  [0x1300, 'stopped'],
  [0x1500, 'stopped'],
  [0x1400, 'standby'],
  [0x1200, 'standby'],
  [0x1600, 'standby'],
  [0x9100, 'running'],
  [0x8100, 'limited'],
  [0x8200, 'limited'],
  [0x5500, 'fault'],
]);
