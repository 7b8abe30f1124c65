import { describe, expect, it } from 'vitest';
import { firstTurn, lookAt, passTime, REST_MS, togglePause } from './cycle.ts';

const turn = { count: 3, stepMs: 20_000 };

describe('turn of the big screen', () => {
  it('goes to the next area after its time and starts over after the last', () => {
    expect(passTime(firstTurn(0), 19_999, turn).index).toBe(0);
    expect(passTime(firstTurn(0), 20_000, turn)).toEqual(firstTurn(1));
    expect(passTime(firstTurn(2), 20_000, turn)).toEqual(firstTurn(0));
  });

  it('goes one area on after a long sleep', () => {
    expect(passTime(firstTurn(0), 3_600_000, turn)).toEqual(firstTurn(1));
  });

  it('stays for a while where somebody looked, and then goes on', () => {
    const looked = lookAt(firstTurn(0), 2);
    expect(passTime(looked, REST_MS - 1, turn)).toMatchObject({ index: 2, pause: 'resting', restMs: 1 });
    expect(passTime(looked, REST_MS, turn)).toEqual(firstTurn(2));
  });

  it('stays for good where it is paused, also through a look at another area', () => {
    const paused = togglePause(firstTurn(1));
    expect(passTime(paused, 3_600_000, turn)).toEqual(paused);
    expect(lookAt(paused, 0)).toMatchObject({ index: 0, pause: 'paused' });
    expect(togglePause(paused).pause).toBe('none');
  });

  it('stands still without areas', () => {
    expect(passTime(firstTurn(0), 60_000, { count: 0, stepMs: 20_000 })).toEqual(firstTurn(0));
  });
});
