import iconv from 'iconv-lite';
import { beforeEach, describe, expect, it } from 'vitest';
import { importReportSchema } from '#contracts';
import { raw, sql } from '#persistence';
import { testDatabase } from '#test-support';
import { writeAreas } from '../registry.writer.ts';
import { readAreas } from '../seed/region.ts';
import { importRegistry } from './registry-import.ts';
import { IMPORT_KINDS, type ImportKind } from './sheets.ts';
import { IMPORT_BYTES_MAX, IMPORT_ROWS_MAX } from './table.ts';
import { importTemplate } from './template.ts';
import { workbookOf } from './test-workbook.ts';

const database = await testDatabase();
await writeAreas(database, readAreas());

/** Parts before what they are parts of. */
const REGISTRY_TABLES = [
  'tariff',
  'revenue_share',
  'asset_share',
  'agri_project',
  'grid_account',
  'device',
  'gateway',
  'station',
  'village',
];

beforeEach(async () => {
  // What an import writes; `truncate … cascade` would ask the tables of money, which refuse it.
  for (const table of REGISTRY_TABLES) await database.query(raw(`delete from ${table}`));
});

const csv = (...lines: string[]) => Buffer.from(lines.join('\r\n'));
const run = async (kind: ImportKind, bytes: Buffer, options: { dryRun?: boolean } = {}) => {
  const report = await importRegistry(database, { kind, bytes, ...options });
  expect(importReportSchema.parse(report)).toEqual(report);
  return report;
};
const codes = (report: Awaited<ReturnType<typeof run>>) =>
  report.problems.map(({ line, column, code }) => `${line} ${column ?? '-'} ${code}`);
const rowsOf = async (
  table: 'village' | 'station' | 'device' | 'asset_share' | 'revenue_share' | 'tariff',
) => {
  const [row] = await database.query<Record<string, number>>(sql`
    select (select count(*)::int from village) as village, (select count(*)::int from station) as station,
      (select count(*)::int from device) as device, (select count(*)::int from asset_share) as asset_share,
      (select count(*)::int from revenue_share) as revenue_share, (select count(*)::int from tariff) as tariff
  `);
  return row?.[table];
};

const VILLAGE_HEADER = '村编码,乡镇编码,村名,户数,岗位数';
const VILLAGES = csv(
  VILLAGE_HEADER,
  '141124100901,141124100,甲禾坪村,150,56',
  '141124100902,141124100,乙禾坪村,"1,200",６０',
);
const STATION_HEADER =
  '电站编码,电站名称,类型,乡镇编码,经度,纬度,装机容量(kW),交流额定功率(kW),倾角,方位角,并网日期,补贴类别';
const STATION_ROW =
  '141124-901,甲禾坪联村电站,联村,141124100,110.9921,37.9508,900,780,33,180,2018-12-28,国家';
const STATION = csv(STATION_HEADER, STATION_ROW);
const SHARE_HEADER = '电站编码,村编码,份额类别,份额,依据,生效日期,失效日期';

async function withStation() {
  expect((await run('villages', VILLAGES)).applied).toBe(true);
  expect((await run('stations', STATION)).applied).toBe(true);
}

describe('a file that is good', () => {
  it('is imported, and the second time nothing changes', async () => {
    const first = await run('villages', VILLAGES);
    expect(first).toEqual({
      sheet: 'villages',
      rows: 2,
      inserted: 2,
      updated: 0,
      unchanged: 0,
      problems: [],
      applied: true,
    });
    expect(await run('villages', VILLAGES)).toMatchObject({
      inserted: 0,
      unchanged: 2,
      problems: [],
      applied: true,
    });
    const stored = await database.query(
      sql`select code, name, households, posts, simulated from village order by code`,
    );
    expect(stored).toEqual([
      { code: '141124100901', name: '甲禾坪村', households: 150, posts: 56, simulated: false },
      { code: '141124100902', name: '乙禾坪村', households: 1200, posts: 60, simulated: false },
    ]);
  });

  it('may be UTF-8 with a mark, UTF-16, GBK or XLSX, with blank lines and a title above', async () => {
    const text = VILLAGES.toString();
    const files = [
      Buffer.from(`\uFEFF${text}`),
      iconv.encode(`\uFEFF${text.replaceAll('"1,200"', '1200').replaceAll(',', '\t')}`, 'utf16le'),
      iconv.encode(text, 'gbk'),
      csv('吕梁市村登记表', '', VILLAGE_HEADER, '', ...text.split('\r\n').slice(1), ',,,,', ''),
      workbookOf([
        ['村编码', '乡镇编码', '村名', '户数', '岗位数', '备注'],
        [141124100901, 141124100, '甲禾坪村', 150, 56, '甲'],
        ['141124100902', '141124100', '乙禾坪村', 1200, 60, null],
      ]),
    ];
    expect(await run('villages', VILLAGES)).toMatchObject({ inserted: 2 });
    for (const file of files) {
      expect(await run('villages', file)).toMatchObject({
        rows: 2,
        unchanged: 2,
        problems: [],
        applied: true,
      });
    }
  });

  it('may have English headers and words', async () => {
    await run('villages', VILLAGES);
    const report = await run(
      'stations',
      csv(
        'station_code,name,kind,township_code,longitude,latitude,capacity_kw,rated_ac_kw,tilt,azimuth,commissioned_on,subsidy_class',
        '141124-901,甲禾坪联村电站,joint,141124100,110.9921,37.9508,900.5,780,33,180,2018/12/28,national',
      ),
    );
    expect(report).toMatchObject({ inserted: 1, problems: [], applied: true });
    const stored = await database.query(sql`
      select capacity_w, rated_ac_w, kind, commissioned_on, coordinate_system from station
    `);
    expect(stored).toEqual([
      {
        capacity_w: 900_500n,
        rated_ac_w: 780_000n,
        kind: 'joint',
        commissioned_on: '2018-12-28',
        coordinate_system: 'WGS-84',
      },
    ]);
  });

  it('brings devices with their gateways, and agri projects', async () => {
    await withStation();
    const devices = csv(
      '电站编码,设备编码,类型,序列号,型号,额定功率(kW),组串数,网关编码',
      '141124-901,INV01,逆变器,SN1,SUN2000-60KTL-M0,60,10,GW01',
      '141124-901,M01,电表,SN2,,780,,',
    );
    expect(await run('devices', devices)).toMatchObject({ inserted: 2, problems: [], applied: true });
    expect(await run('devices', devices)).toMatchObject({ inserted: 0, unchanged: 2 });
    expect(
      await database.query(
        sql`select code, rated_power_w, string_count, gateway_code from device order by code`,
      ),
    ).toEqual([
      { code: 'INV01', rated_power_w: 60_000, string_count: 10, gateway_code: 'GW01' },
      { code: 'M01', rated_power_w: 780_000, string_count: null, gateway_code: null },
    ]);
    const meters = csv(
      '电站编码,设备编码,类型,序列号,额定功率(kW),计数上限(kWh)',
      '141124-901,M02,电表,SN3,780,"1,000,000"',
      '141124-901,INV02,逆变器,SN4,60,6553.6',
    );
    expect(await run('devices', meters)).toMatchObject({ inserted: 2, problems: [], applied: true });
    expect(await run('devices', meters)).toMatchObject({ inserted: 0, unchanged: 2 });
    expect(
      await database.query(
        sql`select code, counter_modulus_wh from device where counter_modulus_wh is not null order by code`,
      ),
    ).toEqual([
      { code: 'INV02', counter_modulus_wh: 6_553_600n },
      { code: 'M02', counter_modulus_wh: 1_000_000_000n },
    ]);
    const wrong = (cell: string, header = '计数上限(kWh)') =>
      run(
        'devices',
        csv(`电站编码,设备编码,类型,序列号,额定功率(kW),${header}`, `141124-901,M03,电表,SN5,780,${cell}`),
      );
    expect((await wrong('999')).problems).toMatchObject([{ code: 'import.out_of_range' }]);
    expect((await wrong('1000.0001')).problems).toMatchObject([{ code: 'import.too_precise' }]);
    expect((await wrong('1000', '计数上限(Wh)')).problems).not.toEqual([]);
    const projects = csv(
      '电站编码,项目名称,种养品种,占地（亩）,开始日期',
      '141124-901,光伏+中药材,黄芩,12.5,2020-04-10',
    );
    expect(await run('agri-projects', projects)).toMatchObject({ inserted: 1, problems: [], applied: true });
    expect(await run('agri-projects', projects)).toMatchObject({ unchanged: 1 });
  });
});

describe('a file with bad rows', () => {
  it('is not imported at all, and every bad row is named', async () => {
    const report = await run(
      'villages',
      csv(
        VILLAGE_HEADER,
        '141124100901,141124100,好村,150,56',
        '14112410090,141124100,短码村,150,56',
        '141124100903,149999999,无乡村,150,56',
        '141124100904,141124100,,一百五,56.5',
        '',
        '141124100901,141124100,重复村,150,56',
      ),
    );
    expect(codes(report)).toEqual([
      '3 村编码 import.bad_code',
      '4 乡镇编码 import.unknown_township',
      '5 村名 import.missing',
      '5 户数 import.not_a_number',
      '5 岗位数 import.not_whole',
      '7 村编码 import.duplicate_in_file',
    ]);
    expect(report).toMatchObject({ rows: 5, inserted: 0, applied: false });
    expect(report.problems[3]).toMatchObject({ value: '一百五', reason: '应为纯数字，不带单位和“万”等字样' });
    expect(report.problems[5]?.reason).toBe('与第 2 行重复');
    expect(await rowsOf('village')).toBe(0);
  });

  it('never takes a capacity in the wrong unit', async () => {
    await run('villages', VILLAGES);
    const withCapacity = (capacity: string) =>
      csv(STATION_HEADER, STATION_ROW.replace(',900,', `,${capacity},`));
    for (const capacity of ['100万', '1000000', '900kW', '10001', '0.9']) {
      const report = await run('stations', withCapacity(capacity));
      expect(report.applied).toBe(false);
      expect(report.problems[0]).toMatchObject({ line: 2, column: '装机容量(kW)', value: capacity });
    }
    const megawatt = await run(
      'stations',
      csv(STATION_HEADER.replace('装机容量(kW)', '装机容量（MW）'), STATION_ROW),
    );
    expect(codes(megawatt)).toEqual(['1 装机容量(kW) import.wrong_unit']);
    expect(await rowsOf('station')).toBe(0);
  });

  it('names exchanged coordinates, bad dates and unknown words', async () => {
    const report = await run(
      'stations',
      csv(STATION_HEADER, '141124-901,甲站,三村,141124100,37.9508,110.9921,900,780,33,180,2019-02-29,国家级'),
    );
    expect(codes(report)).toEqual([
      '2 类型 import.unknown_choice',
      '2 经度 import.out_of_range',
      '2 纬度 import.out_of_range',
      '2 并网日期 import.bad_date',
      '2 补贴类别 import.unknown_choice',
    ]);
  });

  it('does not overwrite what is stored', async () => {
    await withStation();
    const report = await run('stations', csv(STATION_HEADER, STATION_ROW.replace(',900,', ',950,')));
    expect(codes(report)).toEqual(['2 装机容量(kW) import.differs_from_database']);
    expect(report.problems[0]?.reason).toContain('900000');
  });

  it('names stations and villages that are not there', async () => {
    await withStation();
    const device = await run(
      'devices',
      csv('电站编码,设备编码,类型,序列号,额定功率(kW)', '141124-999,INV01,逆变器,SN1,60'),
    );
    expect(codes(device)).toEqual(['2 电站编码 import.unknown_station']);
    const share = await run('shares', csv(SHARE_HEADER, '141124-901,141124100999,确权,1,,2018-12-28,'));
    expect(codes(share)).toEqual(['2 村编码 import.unknown_village']);
  });

  it('names a header that lacks or repeats a column, and a file without rows', async () => {
    expect(codes(await run('villages', csv('村编码,村名,村名', '141124100901,甲村,甲村')))).toEqual([
      '1 村名 import.duplicate_column',
      '1 乡镇编码 import.missing_column',
      '1 户数 import.missing_column',
      '1 岗位数 import.missing_column',
    ]);
    expect(codes(await run('villages', csv(VILLAGE_HEADER)))).toEqual(['2 - import.no_rows']);
    expect((await run('villages', Buffer.alloc(0))).applied).toBe(false);
  });

  it('is an error where it cannot be read or is too large', async () => {
    const refused = (bytes: Buffer) =>
      importRegistry(database, { kind: 'villages', bytes }).then(
        () => 'taken',
        (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
      );
    expect(await refused(Buffer.from('d0cf11e0a1b11ae1', 'hex'))).toBe('registry.import_unreadable');
    expect(await refused(Buffer.from('504b030400000000', 'hex'))).toBe('registry.import_unreadable');
    expect(await refused(csv(VILLAGE_HEADER, '"141124100901'))).toBe('registry.import_unreadable');
    expect(await refused(Buffer.alloc(IMPORT_BYTES_MAX + 1, 'a'))).toBe('registry.import_too_large');
    expect(await refused(Buffer.from('a\n'.repeat(IMPORT_ROWS_MAX + 2)))).toBe('registry.import_too_large');
  });
});

describe('a dry run', () => {
  it('reports what the real run would do and leaves nothing behind', async () => {
    expect(await run('villages', VILLAGES, { dryRun: true })).toMatchObject({
      inserted: 2,
      problems: [],
      applied: false,
    });
    expect(await rowsOf('village')).toBe(0);
  });
});

describe('shares', () => {
  const pair = (first: string, second: string, from = '2018-12-28') => [
    `141124-901,141124100901,收益,${first},户数,${from},`,
    `141124-901,141124100902,收益,${second},户数,${from},`,
  ];

  it('are exact, and a later set ends the earlier one', async () => {
    await withStation();
    const first = csv(SHARE_HEADER, ...pair('1/3', '2/3'));
    expect(await run('shares', first)).toMatchObject({ inserted: 2, problems: [], applied: true });
    const later = csv(SHARE_HEADER, ...pair('40%', '0.6', '2022-01-01'));
    expect(await run('shares', later)).toMatchObject({
      inserted: 2,
      updated: 1,
      problems: [],
      applied: true,
    });
    expect(await run('shares', later)).toMatchObject({ inserted: 0, updated: 0, unchanged: 2 });
    expect(await run('shares', first)).toMatchObject({ inserted: 0, updated: 0, unchanged: 2 });
    const stored = await database.query(sql`
      select numerator, denominator, basis, effective_from, effective_to from revenue_share
      order by effective_from, village_code
    `);
    const share = (
      numerator: bigint,
      denominator: bigint,
      effective_from: string,
      effective_to: string | null,
    ) => ({
      numerator,
      denominator,
      basis: 'households',
      effective_from,
      effective_to,
    });
    expect(stored).toEqual([
      share(1n, 3n, '2018-12-28', '2022-01-01'),
      share(2n, 3n, '2018-12-28', '2022-01-01'),
      share(2n, 5n, '2022-01-01', null),
      share(3n, 5n, '2022-01-01', null),
    ]);
  });

  it('are refused where they do not sum to one', async () => {
    await withStation();
    const report = await run('shares', csv(SHARE_HEADER, ...pair('33.33%', '66.66%')));
    expect(codes(report)).toEqual(['2 份额 import.shares_not_one']);
    expect(report.problems[0]?.reason).toBe(
      '电站 141124-901 自 2018-12-28 起的份额合计为 99.9900%，应恰为 100%（第 2、3 行）',
    );
    expect(await rowsOf('revenue_share')).toBe(0);
  });

  it('are refused where the same date holds others already', async () => {
    await withStation();
    await run('shares', csv(SHARE_HEADER, ...pair('1/3', '2/3')));
    const report = await run('shares', csv(SHARE_HEADER, ...pair('1/2', '1/2')));
    expect(codes(report)).toEqual(['2 生效日期 import.differs_from_database']);
  });
});

describe('tariffs', () => {
  const HEADER = '电站编码,电价组成,单价（元/千瓦时）,生效日期,失效日期';

  it('become whole hao, and a later price ends the earlier one', async () => {
    await withStation();
    const first = csv(
      HEADER,
      '141124-901,基础电价,0.332,2018-12-28,',
      '141124-901,国家补贴,0.518,2018-12-28,',
    );
    expect(await run('tariffs', first)).toMatchObject({ inserted: 2, problems: [], applied: true });
    const later = csv(HEADER, '141124-901,基础电价,0.3205,2026-01-01,');
    expect(await run('tariffs', later)).toMatchObject({ inserted: 1, updated: 1, applied: true });
    expect(await run('tariffs', first)).toMatchObject({
      inserted: 0,
      updated: 0,
      unchanged: 2,
      applied: true,
    });
    expect(
      await database.query(sql`
        select component, price_hao_per_kwh as hao, effective_to as ends from tariff order by component, effective_from
      `),
    ).toEqual([
      { component: 'base', hao: 3320, ends: '2026-01-01' },
      { component: 'base', hao: 3205, ends: null },
      { component: 'subsidy', hao: 5180, ends: null },
    ]);
  });

  it('are refused where versions overlap, and in fen', async () => {
    await withStation();
    const report = await run(
      'tariffs',
      csv(HEADER, '141124-901,基础电价,0.332,2018-12-28,2026-06-01', '141124-901,基础电价,0.32,2026-01-01,'),
    );
    expect(codes(report)).toEqual(['3 生效日期 import.period_overlap']);
    expect(codes(await run('tariffs', csv(HEADER, '141124-901,基础电价,33.2,2018-12-28,')))).toEqual([
      '2 单价(元/kWh) import.out_of_range',
    ]);
    expect(await rowsOf('tariff')).toBe(0);
  });
});

describe('templates', () => {
  it.each(IMPORT_KINDS)('of %s are understood by the import', async (kind) => {
    const { csv: header, columns, title } = importTemplate(kind);
    expect(title).toMatch(/^登记导入-/);
    expect(columns.length).toBeGreaterThan(4);
    expect(codes(await run(kind, Buffer.from(header)))).toEqual(['2 - import.no_rows']);
  });
});
