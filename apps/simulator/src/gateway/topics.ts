import { statusTopic, telemetryTopic } from '#contracts';

/** A batch names its devices itself, so its topic names no device but the word `gateway`. */
const BATCH_DEVICE = 'gateway';

/** Topics of one gateway. */
export function deviceTopics(
  stationCode: string,
  gatewayCode: string,
): { telemetry: string; status: string } {
  return {
    telemetry: telemetryTopic(stationCode, BATCH_DEVICE),
    status: statusTopic(stationCode, gatewayCode),
  };
}
