import { dayOf } from '#domain';
import type { SetDecoded } from './decoder-set.ts';
import type { DeviceDirectory } from './device-directory.ts';
import type { MessageNumber, Rejection } from './reading.ts';
import type {
  GatewayChange,
  NumberedMessage,
  QuarantinedMessage,
  ReceivedReading,
} from './reading.repository.ts';
import { FUTURE_TOLERANCE_MS, LATE_LIMIT_MS, validateReading } from './validate.ts';

export interface JudgedMessage {
  topic: string;
  payload: Buffer;
  receivedAtMs: number;
  retained: boolean;
}

/** What a message will change in the database. */
export interface Judgement {
  readings: ReceivedReading[];
  gatewayChange: GatewayChange | null;
  numbers: NumberedMessage[];
  quarantined: QuarantinedMessage[];
  /** How far each device's clock is from ours, as this message shows it; also of readings that were refused for it. */
  delays: { deviceId: number; delayMs: number }[];
  /** Readings of a retained message: "last known" from an unknown time ago. */
  retainedReadings: number;
}

/** Judges what was decoded against the registry and the clock. */
export function judge(message: JudgedMessage, decoded: SetDecoded, directory: DeviceDirectory): Judgement {
  const { receivedAtMs, retained } = message;
  const judgement: Judgement = {
    readings: [],
    gatewayChange: null,
    numbers: [],
    quarantined: [],
    delays: [],
    retainedReadings: 0,
  };
  if (retained && decoded.readings.length > 0) {
    // The live copy of it came by itself.
    judgement.retainedReadings = decoded.readings.length;
    return judgement;
  }
  const rejections: Rejection[] = [...decoded.rejections];
  const origin = { topic: message.topic, payload: message.payload };
  for (const reading of decoded.readings) {
    const device = directory.device(reading.stationCode, reading.deviceCode);
    if (device)
      judgement.delays.push({ deviceId: device.deviceId, delayMs: receivedAtMs - reading.measuredAtMs });
    const judged = validateReading(reading, device, receivedAtMs);
    if ('reason' in judged)
      rejections.push({ ...judged, stationCode: reading.stationCode, measuredAtMs: reading.measuredAtMs });
    else judgement.readings.push({ ...judged, receivedAtMs, origin });
  }
  if (decoded.gatewayStatus) {
    const { stationCode, deviceCode: gatewayCode, online } = decoded.gatewayStatus;
    const stationId = directory.gatewayStationId(stationCode, gatewayCode);
    const isContact = online && !retained;
    if (stationId !== undefined)
      judgement.gatewayChange = { stationId, gatewayCode, online, receivedAtMs, isContact };
    else
      rejections.push({
        reason: 'unknown_device',
        detail: `no gateway ${stationCode}/${gatewayCode}`,
        stationCode,
      });
  }
  judgement.numbers = decoded.numbers.flatMap((number) => numbered(number, receivedAtMs, directory));
  judgement.quarantined = byReason(rejections).map((rejection) => ({
    reason: rejection.reason,
    detail: rejection.detail,
    receivedAtMs,
    retained,
    ...origin,
    // A retained message comes again with every start; it is no news of a day.
    tally: (retained ? [] : rejection.rejections).flatMap(({ stationCode, measuredAtMs }) => {
      const stationId = directory.stationId(stationCode ?? '');
      return stationId === undefined ? [] : [{ stationId, day: dayFor(measuredAtMs, receivedAtMs) }];
    }),
  }));
  return judgement;
}

/** A number counts where its sender is known: nobody can make up senders without end. */
function numbered(
  number: MessageNumber,
  receivedAtMs: number,
  directory: DeviceDirectory,
): NumberedMessage[] {
  const { stationCode, senderCode, seq } = number;
  const stationId = directory.senderStationId(stationCode, senderCode);
  if (stationId === undefined) return [];
  const day = dayFor(number.measuredAtMs, receivedAtMs);
  // A clock that cannot be right says nothing of the order of messages.
  const measuredAtMs = isUsable(number.measuredAtMs, receivedAtMs) ? number.measuredAtMs : receivedAtMs;
  return [{ stationId, senderCode, seq, measuredAtMs, day }];
}

const isUsable = (measuredAtMs: number, receivedAtMs: number) =>
  measuredAtMs <= receivedAtMs + FUTURE_TOLERANCE_MS && measuredAtMs >= receivedAtMs - LATE_LIMIT_MS;

/** The Shanghai day that a message counts for: of measurement, or of receipt where that cannot be right. */
const dayFor = (measuredAtMs: number | undefined, receivedAtMs: number) =>
  dayOf(measuredAtMs !== undefined && isUsable(measuredAtMs, receivedAtMs) ? measuredAtMs : receivedAtMs);

/** One line of quarantine a message and reason, however many of its readings are affected. */
function byReason(
  rejections: readonly Rejection[],
): { reason: Rejection['reason']; detail: string; rejections: Rejection[] }[] {
  return [...Map.groupBy(rejections, ({ reason }) => reason)].map(([reason, same]) => ({
    reason,
    detail: `${same[0]?.detail ?? ''}${same.length > 1 ? ` (and ${same.length - 1} more)` : ''}`,
    rejections: same,
  }));
}
