import { createHmac } from 'node:crypto';
import type { AlarmKind, NoticeChannel } from '#contracts';

/** Words of a notice: Chinese, as they go to people who are not at the page. */
const KIND_WORDS: Record<AlarmKind, string> = {
  ingest_down: '数据接收中断',
  county_silent: '整县无数据',
  offline: '电站离线',
  no_data: '设备无数据',
  zero: '零发电',
  inverter_zero: '逆变器不发电',
  fault: '设备故障',
  low: '低效',
  string_low: '组串偏低',
  insulation: '绝缘低',
  over_temperature: '过温',
  grid: '电网电压或频率异常',
  soiling: '疑似积灰',
  counter: '电表读数异常',
  over_capacity: '功率超装机',
};
const EVENT_WORDS = { opened: '新告警', level: '升级', escalated: '无人确认', closed: '已关闭' } as const;
export type NoticeEvent = keyof typeof EVENT_WORDS;

export interface NoticeLine {
  alarmId: number;
  event: NoticeEvent;
  kind: AlarmKind;
  level: string;
  place: string;
  openedAt: Date;
  lostFen: bigint;
}

/** 元 with two decimals of a whole number of fen that is not negative. */
const yuan = (fen: bigint) => `${fen / 100n}.${String(fen % 100n).padStart(2, '0')} 元`;
/** Date and time in Asia/Shanghai, to the minute. */
const shanghai = (at: Date) =>
  new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');

/** One message for a group of alarms; what costs most stands first. */
export function writeNotice(lines: readonly NoticeLine[]): { subject: string; body: string } {
  const sorted = lines.toSorted((one, other) =>
    one.lostFen === other.lostFen ? one.alarmId - other.alarmId : one.lostFen > other.lostFen ? -1 : 1,
  );
  const [first] = sorted;
  const subject =
    first && sorted.length === 1
      ? `【阳光账本】${EVENT_WORDS[first.event]}：${first.place} ${KIND_WORDS[first.kind]}`
      : `【阳光账本】${sorted.length} 条告警`;
  const body = sorted
    .map(
      (line) =>
        `${EVENT_WORDS[line.event]} #${line.alarmId} ${line.place} ${KIND_WORDS[line.kind]}，` +
        `自 ${shanghai(line.openedAt)}，已损失约 ${yuan(line.lostFen)}`,
    )
    .join('\n');
  return { subject, body };
}

/** True where an instant is in the quiet hours, minutes after midnight in Shanghai; they may go over midnight. */
export function isQuietAt(at: Date, fromMin: number | null, toMin: number | null): boolean {
  if (fromMin === null || toMin === null || fromMin === toMin) return false;
  const minute = Math.floor((at.getTime() / 60_000 + 8 * 60) % 1440);
  return fromMin < toMin ? minute >= fromMin && minute < toMin : minute >= fromMin || minute < toMin;
}

export interface WebhookRequest {
  url: string;
  body: unknown;
}

/**
 * The request of a webhook: generic JSON, or the text message of 企业微信 (msgtype text) or 钉钉 (msgtype text, signed
 * over `timestamp\nsecret` with HMAC-SHA256 where there is a secret).
 */
export function webhookRequest(given: {
  channel: Exclude<NoticeChannel, 'email'>;
  url: string;
  secret: string | null;
  messageId: number;
  subject: string;
  body: string;
  nowMs: number;
}): WebhookRequest {
  const content = `${given.subject}\n${given.body}`;
  if (given.channel === 'wecom') return { url: given.url, body: { msgtype: 'text', text: { content } } };
  if (given.channel === 'dingtalk') {
    const url = new URL(given.url);
    if (given.secret !== null) {
      const signed = createHmac('sha256', given.secret)
        .update(`${given.nowMs}\n${given.secret}`)
        .digest('base64');
      url.searchParams.set('timestamp', String(given.nowMs));
      url.searchParams.set('sign', signed);
    }
    return { url: url.href, body: { msgtype: 'text', text: { content } } };
  }
  return {
    url: given.url,
    body: { id: given.messageId, subject: given.subject, text: given.body },
  };
}
