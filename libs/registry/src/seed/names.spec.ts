import { describe, expect, it } from 'vitest';
import { allVillageStems, villageStem } from './names.ts';

describe('village names', () => {
  it('have two or three characters and are formed in thousands', () => {
    const stems = allVillageStems();
    expect(stems.length).toBeGreaterThan(5000);
    expect(stems.every((stem) => /^\p{Script=Han}{2,3}$/u.test(stem))).toBe(true);
  });

  it('hold no word that is common in names of real villages of Lüliang', () => {
    expect(allVillageStems().filter((stem) => /[家上下前后东西南北大小圪李王张刘]/u.test(stem))).toEqual([]);
  });

  it('pass over a name that is taken', () => {
    const first = villageStem(1, '141124100901', new Set());
    expect(villageStem(1, '141124100901', new Set([first]))).not.toBe(first);
  });
});
