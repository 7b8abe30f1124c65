import { resendReplyTopic, resendTopic, statusTopic, telemetryTopic } from '#contracts';

/** Topics of one gateway. */
export interface GatewayTopics {
  telemetry: string;
  status: string;
  /** Where it is asked for messages again, and where it says which ones it does not have. */
  resend: string;
  resendReply: string;
}

/** A gateway numbers its own messages, so each has topics of its own, also where a station has two of them. */
export function gatewayTopics(stationCode: string, gatewayCode: string): GatewayTopics {
  return {
    telemetry: telemetryTopic(stationCode, gatewayCode),
    status: statusTopic(stationCode, gatewayCode),
    resend: resendTopic(stationCode, gatewayCode),
    resendReply: resendReplyTopic(stationCode, gatewayCode),
  };
}
