import { beforeEach, describe, expect, it } from 'vitest';
import type { ShownProblem } from '../api/http.ts';
import { noteRefusal, noteTaken, refusalOf, type WriteArea } from './writing.ts';

const problem = (status: number, code: string): ShownProblem => ({
  status,
  code,
  title: 'Not allowed',
  detail: null,
  reference: null,
});
const AREAS: WriteArea[] = ['alarms', 'settings', 'outages', 'workOrders', 'data'];
const denied = () => AREAS.filter((area) => refusalOf(area) !== null);

describe('what may not be changed', () => {
  beforeEach(() => {
    for (const area of AREAS) noteTaken(area);
  });

  it('is one area where a permission is missing', () => {
    noteRefusal('settings', problem(403, 'permission.missing'));
    expect(denied()).toEqual(['settings']);
  });

  it('is everything where nobody is known, or changes are taken at the server only', () => {
    noteRefusal('alarms', problem(401, 'session.ended'));
    expect(denied()).toEqual(AREAS);
    noteTaken('outages');
    expect(denied()).toEqual([]);
    noteRefusal('alarms', problem(403, 'request.only_local'));
    expect(denied()).toEqual(AREAS);
  });

  it('is nothing where a change was wrong in itself', () => {
    for (const status of [400, 404, 409, 422, 500, 503])
      noteRefusal('alarms', problem(status, 'alarm.changed'));
    expect(denied()).toEqual([]);
  });

  it('is free again once a change of the area was taken', () => {
    noteRefusal('alarms', problem(403, 'permission.missing'));
    noteRefusal('settings', problem(403, 'permission.missing'));
    noteTaken('alarms');
    expect(denied()).toEqual(['settings']);
  });
});
