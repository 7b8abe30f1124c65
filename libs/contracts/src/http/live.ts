import { z } from 'zod';
import { instantSchema } from '../common.ts';
import { alarmEventSchema, alarmKindSchema, alarmLevelSchema } from './alarms.ts';

/**
 * `GET /api/v1/live?county=` or `?station=`: server-sent events, at most one message of each kind a second.
 * `fleet` (LiveFleet) or `station` (LiveStation) is the whole state of the scope, so that the newest one is enough;
 * `alarms` (LiveAlarms) says what became of alarms since the message before. Every message has an id; with
 * `Last-Event-ID` the stream goes on after it, and where it is too old, or of another run of the program, it begins with
 * the whole state and an `alarms` message that says `isReset`.
 */
export const liveQuerySchema = z
  .strictObject({
    county: z.string().max(12).optional(),
    station: z.string().max(40).optional(),
  })
  .refine(({ county, station }) => county === undefined || station === undefined, {
    path: ['station'],
    message: 'a county or a station, not both',
  });
export type LiveQuery = z.infer<typeof liveQuerySchema>;

/** What became of one alarm. */
export const liveAlarmSchema = z.object({
  id: z.number().int(),
  kind: alarmKindSchema,
  level: alarmLevelSchema,
  event: alarmEventSchema.shape.kind,
  at: instantSchema,
  countyCode: z.string().nullable(),
  stationCode: z.string().nullable(),
  stationName: z.string().nullable(),
});
export type LiveAlarm = z.infer<typeof liveAlarmSchema>;

/** Data of the event `alarms`. */
export const liveAlarmsSchema = z
  .object({
    asOf: instantSchema,
    isReset: z.boolean().meta({
      description: 'What was between is not told: ask the queue again',
    }),
    events: z.array(liveAlarmSchema).meta({ description: 'In order of time' }),
  })
  .meta({ id: 'LiveAlarms' });
export type LiveAlarms = z.infer<typeof liveAlarmsSchema>;
