import { describe, expect, it } from 'vitest';
import { csvFile, toCsv } from './csv.ts';
import { cityDayExport, energyExport, stationDayExport } from './exports.ts';

describe('csv', () => {
  it('quotes what needs it and disarms formulas but not negative numbers', () => {
    expect(toCsv([['a,b', 'say "x"', '=1+1', '-2.5', '-x', -2.5]])).toBe(
      `"a,b","say ""x""",'=1+1,-2.5,'-x,-2.5`,
    );
  });

  it('starts with the byte order mark of UTF-8 and the names of the columns', () => {
    const file = csvFile({ columns: ['时间', 'kW'], rows: [['x', 1]] });
    expect([...new TextEncoder().encode(file)].slice(0, 3)).toEqual([0xef, 0xbb, 0xbf]);
    expect(file.slice(1)).toBe('时间,kW\r\nx,1');
  });

  it('leaves a cell empty where nothing is known, and keeps a zero', () => {
    expect(toCsv([[null, Number.NaN, 0]])).toBe(',,0');
  });
});

describe('exports', () => {
  it('give the city in plain kW with every digit, in Shanghai time, the day before beside it', () => {
    const table = cityDayExport(
      {
        today: [
          { startsAt: '2026-11-25T04:00:00.000Z', powerW: 185_123_456, stationsCounted: 465 },
          { startsAt: '2026-11-25T04:15:00.000Z', powerW: null, stationsCounted: 6 },
        ],
        yesterday: [{ startsAt: '2026-11-24T04:15:00.000Z', powerW: 0, stationsCounted: 468 }],
        band: [{ startsAt: '2026-11-25T04:00:00.000Z', lowW: 170_000_000, highW: 199_000_500 }],
      },
      { time: '时间', today: '今日', yesterday: '昨日', band: '应发', stations: '电站' },
    );
    expect(toCsv([table.columns, ...table.rows])).toBe(
      [
        '时间,今日 (kW),昨日 (kW),应发 min (kW),应发 max (kW),电站',
        '2026-11-25T12:00:00+08:00,185123.456,,170000,199000.5,465',
        '2026-11-25T12:15:00+08:00,,0,,,6',
      ].join('\r\n'),
    );
  });

  it('give a station in kW and kWh whatever its size', () => {
    const table = stationDayExport(
      [
        {
          startsAt: '2026-11-24T16:00:00.000Z',
          powerW: 41_207,
          energyWh: 10_302,
          quality: 'measured',
          peerPowerW: null,
        },
      ],
      { time: 't', own: 'own', median: 'median', energy: 'energy', quality: 'quality' },
      (quality) => quality,
    );
    expect(table.columns).toEqual(['t', 'own (kW)', 'median (kW)', 'energy (kWh)', 'quality']);
    expect(table.rows).toEqual([['2026-11-25T00:00:00+08:00', 41.207, null, 10.302, 'measured']]);
  });

  it('give days and months as the server names them, with the days that are counted', () => {
    const table = energyExport(
      [
        {
          period: '2026-11',
          energyWh: 123_456_789,
          fullLoadHours: 3.0512,
          quality: 'measured',
          methods: [],
          daysCounted: 24,
          days: 25,
        },
      ],
      { period: 'p', energy: 'e', hours: 'h', quality: 'q', daysCounted: 'n', days: 'days' },
      (item) => item.quality,
    );
    expect(table.columns).toEqual(['p', 'e (kWh)', 'h (h)', 'q', 'n', 'days']);
    expect(table.rows).toEqual([['2026-11', 123_456.789, 3.0512, 'measured', 24, 25]]);
  });
});
