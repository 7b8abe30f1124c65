import { describe, expect, it } from 'vitest';
import { readEnvironment } from '#platform';
import { readSettings, UsageError } from './command-line.ts';

const environment = readEnvironment({ PV_SEED: '5', PV_FAULTS: 'off', MQTT_URL: 'mqtt://broker:1883' });

describe('the command line', () => {
  it('stands above the environment, and the environment above the defaults', () => {
    expect(readSettings([], environment)).toMatchObject({
      mqttUrl: 'mqtt://broker:1883',
      seed: 5,
      intervalS: 300,
      faults: 'none',
      until: null,
      stations: null,
    });
    expect(
      readSettings(
        ['--seed', '9', '--mqtt', 'mqtt://other', '--faults', 'rates', '--days', '3', '--speed', '100'],
        environment,
      ),
    ).toMatchObject({ seed: 9, mqttUrl: 'mqtt://other', faults: 'rates', until: { days: 3 }, speed: 100 });
  });

  it('gives help instead of a run', () => {
    expect(readSettings(['--help'], environment)).toBeNull();
  });

  it.each([
    [['--seed', 'x'], '--seed'],
    [['--interval', '1'], '--interval'],
    [['--stations', '1.5'], '--stations'],
    [['--start', '2026-06-01T08:00:00'], '--start'],
    [['--days', '2', '--until', '2026-06-01T08:00:00Z'], '--until'],
    [['--truth', '--day', 'today'], '--day'],
    [['--day', '2026-06-01'], '--truth'],
    [['--faults', '/nowhere/faults.json'], '--faults'],
    [['--colour'], '--colour'],
  ])('refuses %j and names the argument', (args, name) => {
    expect(() => readSettings(args, environment)).toThrow(UsageError);
    expect(() => readSettings(args, environment)).toThrow(name);
  });
});
