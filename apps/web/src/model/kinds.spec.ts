import {
  alarmKindSchema,
  alarmLevelSchema,
  noticeChannelSchema,
  outageKindSchema,
  plantChangeEntrySchema,
} from '#contracts';
import { describe, expect, it } from 'vitest';
import { ALARM_KINDS, ALARM_LEVELS, NOTICE_CHANNELS } from '../components/alarms/kinds.ts';
import { OUTAGE_KINDS, PLANT_CHANGES } from '../components/outages/kinds.ts';

describe('what forms offer', () => {
  it('is all that the contracts know', () => {
    expect(ALARM_KINDS).toEqual(alarmKindSchema.options);
    expect(ALARM_LEVELS).toEqual(alarmLevelSchema.options);
    expect(NOTICE_CHANNELS).toEqual(noticeChannelSchema.options);
    expect(OUTAGE_KINDS).toEqual(outageKindSchema.options);
    expect(PLANT_CHANGES).toEqual(plantChangeEntrySchema.shape.kind.options);
  });
});
