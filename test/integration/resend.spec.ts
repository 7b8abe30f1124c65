import { beforeAll, describe, expect, it } from 'vitest';
import { noteNumbers, ResendRepository } from '#ingestion';
import { sql } from '#persistence';
import { createTestDatabase } from '#test-support';
import { writeSmallFleet } from './small-fleet.ts';

const { database } = await createTestDatabase();
const repository = new ResendRepository(database);
const now = new Date('2025-06-01T12:00:00+08:00');
const day = '2025-06-01';
let stationId = 0;

beforeAll(async () => {
  const fleet = await writeSmallFleet(database);
  const [row] = await database.query<{ id: number }>(
    sql`select id from station where code = ${fleet.neighbours[0].code}`,
  );
  stationId = row?.id ?? 0;
});

const note = (senderCode: string, seqs: readonly number[]) =>
  database.transaction((transaction) =>
    noteNumbers(
      transaction,
      seqs.map((seq) => ({ stationId, senderCode, seq, measuredAtMs: now.getTime(), day })),
    ),
  );
const turn = (senderCode: string, afterS = 0) =>
  repository.turn([{ stationId, senderCode }], {
    now: new Date(now.getTime() + afterS * 1000),
    patienceMs: 1000,
  });

describe('requests to send again', () => {
  it('are never made for numbers that no gateway can have', async () => {
    await note('garbled', [1_000_000_000_000_000, 1, 1_000_000_000_000_002]);
    await database.query(sql`
      insert into message_sequence (station_id, sender_code, epoch, day, received)
      values (${stationId}, 'garbled', 7, ${day}::date, '{[1,2),[1000000000000,1000000000001)}')`);
    expect(await turn('garbled')).toEqual([]);
    expect(await turn('garbled', 60)).toEqual([]);
    expect(await database.query(sql`select count(*)::int as n from resend_request`)).toEqual([{ n: 0 }]);
  });

  it('hold no more than a gateway sends at once, the oldest numbers first, and go on when those came', async () => {
    const present = [0, 4001];
    await note('wide', present);
    await turn('wide');
    const orders = (await turn('wide', 2)) ?? [];
    const numbers = orders.map(({ ranges }) => ranges.flat());
    expect(numbers.toSorted((one, other) => (one[0] ?? 0) - (other[0] ?? 0))).toEqual([
      [1, 500],
      [501, 1000],
      [1001, 1500],
      [1501, 2000],
    ]);
    await note(
      'wide',
      Array.from({ length: 2000 }, (_, index) => index + 1),
    );
    await turn('wide', 3);
    const next = (await turn('wide', 5)) ?? [];
    expect(
      next.map(({ ranges }) => ranges.flat()[0]).toSorted((one, other) => (one ?? 0) - (other ?? 0)),
    ).toEqual([2001, 2501, 3001, 3501]);
  });

  it('end after ten attempts, and the hole stays', async () => {
    await note('deaf', [1, 3]);
    await turn('deaf');
    let asked = 0;
    for (let attempt = 1; attempt <= 12; attempt += 1)
      asked += ((await turn('deaf', 1 + 2 ** (attempt + 1))) ?? []).filter(
        ({ senderCode }) => senderCode === 'deaf',
      ).length;
    expect(asked).toBe(10);
    expect(
      await database.query(
        sql`select state, missing::text as missing from resend_request where sender_code = 'deaf'`,
      ),
    ).toEqual([{ state: 'given_up', missing: '{[2,3)}' }]);
  });
});
