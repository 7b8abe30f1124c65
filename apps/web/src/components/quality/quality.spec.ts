import { describe, expect, it } from 'vitest';
import { QUALITY_FLAGS } from '#contracts';
import { readQualityAddress, toApiQuery, writeQualityAddress } from './qualityQuery.ts';
import { detailWords, type Words } from './qualityWords.ts';
import { qualityZhCN } from './texts.zh-CN.ts';

const words: Words = {
  t: (key, values = {}) =>
    `${key}${Object.values(values)
      .map((value) => ` ${String(value)}`)
      .join('')}`,
  named: (_group, code) => code,
  locale: 'zh-CN',
};

describe('the address of data quality', () => {
  it('is read and written again, without what is usual', () => {
    const query = {
      county: '141124',
      flag: 'gap',
      from: '2026-11-20',
      to: '2026-11-24',
      page: '2',
      q: '大禹',
    };
    const address = readQualityAddress(query);
    expect(writeQualityAddress(address)).toEqual(query);
    expect(writeQualityAddress(readQualityAddress({}))).toEqual({});
  });

  it('falls back where it is not understood', () => {
    expect(readQualityAddress({ flag: 'nonsense', from: '2026-13-99', page: '-1' })).toEqual(
      readQualityAddress({}),
    );
  });

  it('asks for the day after the last one, which is exclusive there', () => {
    const asked = toApiQuery(readQualityAddress({ from: '2026-11-20', to: '2026-11-30' }));
    expect(asked).toMatchObject({ from: '2026-11-20', to: '2026-12-01', page: 1 });
  });
});

describe('the words of a flag', () => {
  it('exist for every flag: name, definition and unit', () => {
    const { flag, says, unit } = qualityZhCN.dq;
    for (const texts of [flag, says, unit])
      expect(Object.keys(texts).toSorted()).toEqual([...QUALITY_FLAGS].toSorted());
  });

  it('say which way a clock is wrong, and by how much', () => {
    expect(detailWords({ flag: 'clock', detail: { leastDelayMs: -90_000 } }, words)).toBe(
      'dq.detail.ahead 1 分钟',
    );
    expect(detailWords({ flag: 'shift', detail: { spells: 1, offsetS: -3600 } }, words)).toBe(
      'dq.detail.behind 1 小时',
    );
  });

  it('name reasons and kinds, the most frequent first, and nothing where there is nothing more to say', () => {
    expect(detailWords({ flag: 'refused', detail: { schema: 1, future: 7 } }, words)).toBe(
      'future 7sentence.joinschema 1',
    );
    expect(detailWords({ flag: 'stale', detail: { spells: 2 } }, words)).toBe('');
  });
});
