import { describe, expect, it } from 'vitest';
import { LiveChannel, type FedAlarm, type LiveMessage } from './live-channel.ts';

interface Event {
  alarm: number;
}

/** A channel over a state and a feed that the test moves; time is a number. */
function channelOf(name = 'run.1') {
  const world = { powerW: 1, atMs: 0, fed: [] as FedAlarm<Event>[], isReset: false, isAway: false };
  const channel = new LiveChannel<Event>({
    name,
    type: 'fleet',
    state: () =>
      world.isAway
        ? Promise.reject(new Error('the database is away'))
        : Promise.resolve({ powerW: world.powerW, asOf: String(world.atMs) }),
    alarms: (afterNo) =>
      world.isAway
        ? Promise.reject(new Error('the database is away'))
        : Promise.resolve({
            events: afterNo === null ? [] : world.fed.filter(({ no }) => no > afterNo),
            lastNo: world.fed.at(-1)?.no ?? 0,
            isReset: world.isReset,
          }),
    nowMs: () => world.atMs,
    asOf: () => String(world.atMs),
  });
  const second = async () => {
    world.atMs += 1000;
    await channel.tick({ withState: true });
  };
  const raise = (alarm: number) => {
    world.fed = [...world.fed, { no: world.fed.length + 1, event: { alarm } }];
  };
  return { world, channel, second, raise };
}

function reader(channel: LiveChannel<Event>, lastEventId: string | null = null) {
  const heard: LiveMessage[] = [];
  const stop = channel.subscribe((message) => heard.push(message), lastEventId);
  return { heard, stop, last: () => heard.at(-1)?.id ?? '' };
}
const alarmsIn = (messages: readonly LiveMessage[]) =>
  messages.flatMap(({ data }) => ('events' in data && Array.isArray(data.events) ? data.events : []));

describe('a live stream', () => {
  it('begins with the whole state, and says nothing again that has not changed for ten seconds', async () => {
    const { world, channel, second } = channelOf();
    await second();
    const { heard } = reader(channel);
    expect(heard).toMatchObject([{ type: 'fleet', data: { powerW: 1 } }]);
    for (let times = 0; times < 9; times += 1) await second();
    expect(heard).toHaveLength(1);
    await second();
    expect(heard).toHaveLength(2);
    world.powerW = 2;
    await second();
    expect(heard.at(-1)?.data).toMatchObject({ powerW: 2 });
  });

  it('gives a reader who lost the line every alarm once, and of the states the newest', async () => {
    const { world, channel, second, raise } = channelOf();
    await second();
    const before = reader(channel);
    raise(1);
    await second();
    before.stop();
    for (const alarm of [2, 3]) {
      raise(alarm);
      world.powerW += 1;
      await second();
    }
    const after = reader(channel, before.last());
    expect(alarmsIn(before.heard)).toEqual([{ alarm: 1 }]);
    expect(alarmsIn(after.heard)).toEqual([{ alarm: 2 }, { alarm: 3 }]);
    expect(after.heard.filter(({ type }) => type === 'fleet')).toMatchObject([{ data: { powerW: 3 } }]);
    raise(4);
    await second();
    expect(alarmsIn(after.heard)).toHaveLength(3);
  });

  it('does not begin anew where only states have passed meanwhile', async () => {
    const { world, channel, second } = channelOf();
    await second();
    const before = reader(channel);
    before.stop();
    for (let times = 0; times < 20; times += 1) {
      world.powerW += 1;
      await second();
    }
    expect(reader(channel, before.last()).heard).toMatchObject([{ type: 'fleet', data: { powerW: 21 } }]);
  });

  it('begins anew, aloud, for a number of another run or one that is too old', async () => {
    const { channel, second, raise } = channelOf();
    await second();
    for (const id of ['other.1.1', 'run.1.99', 'nonsense']) {
      const { heard } = reader(channel, id);
      expect(heard).toMatchObject([{ type: 'alarms', data: { isReset: true } }, { type: 'fleet' }]);
    }
    const old = reader(channel);
    old.stop();
    for (let alarm = 0; alarm < 400; alarm += 1) {
      raise(alarm);
      await second();
    }
    expect(reader(channel, old.last()).heard[0]).toMatchObject({ type: 'alarms', data: { isReset: true } });
  });

  it('keeps its readers while the database is away, and loses no alarm over it', async () => {
    const { world, channel, second, raise } = channelOf();
    await second();
    const { heard } = reader(channel);
    world.isAway = true;
    raise(1);
    await expect(second()).rejects.toThrow('away');
    world.isAway = false;
    raise(2);
    await second();
    expect(channel.readerCount).toBe(1);
    expect(alarmsIn(heard)).toEqual([{ alarm: 1 }, { alarm: 2 }]);
  });
});
