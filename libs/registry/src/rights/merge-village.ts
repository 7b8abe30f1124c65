import { sql, type Database, type Queryable } from '#persistence';
import { RegistryError } from '../registry-error.ts';
import { lockRegistry } from '../registry.writer.ts';

export interface VillageMerger {
  villageCode: string;
  successorCode: string;
  /** First Shanghai day on which the successor stands in. */
  mergedOn: string;
}

interface VillageRow {
  code: string;
  successorCode: string | null;
  mergedOn: string | null;
}

/** Mergers that follow each other; as in the rules of payees. */
const SUCCESSIONS_MAX = 10;

/**
 * Says that a village is merged into another one from a day on (domain.md requirement 4, A16): who stands in is paid, and
 * history stays with the old code. The same merger again changes nothing.
 * @throws RegistryError `registry.unknown_place`, `registry.merged_before` where it has another successor or day,
 *   `registry.bad_merger` where it would be its own successor, or the successor was merged before that day
 */
export async function mergeVillage(database: Database, merger: VillageMerger): Promise<void> {
  await database.transaction(async (transaction) => {
    await lockRegistry(transaction);
    const village = await villageOf(transaction, merger.villageCode);
    if (village.successorCode === merger.successorCode && village.mergedOn === merger.mergedOn) return;
    if (village.successorCode !== null)
      throw new RegistryError(
        'registry.merged_before',
        `该村已于 ${village.mergedOn ?? ''} 并入 ${village.successorCode}，不能改写 (merged before)`,
      );
    await requireSuccessor(transaction, merger);
    await transaction.query(sql`
      update village
      set successor_code = ${merger.successorCode}, merged_on = ${merger.mergedOn}::date
      where code = ${merger.villageCode}`);
  });
}

/** County of a village; null where there is no such village. */
export async function countyOfVillage(database: Queryable, code: string): Promise<string | null> {
  const [row] = await database.query<{ countyCode: string }>(sql`
    select t.county_code as "countyCode"
    from village v
    join township t on t.code = v.township_code
    where v.code = ${code}`);
  return row?.countyCode ?? null;
}

async function villageOf(transaction: Queryable, code: string): Promise<VillageRow> {
  const [row] = await transaction.query<VillageRow>(sql`
    select v.code, v.successor_code as "successorCode", v.merged_on as "mergedOn"
    from village v
    where v.code = ${code}
    for update`);
  if (!row) throw new RegistryError('registry.unknown_place', `没有这个村 (no such village): ${code}`);
  return row;
}

async function requireSuccessor(transaction: Queryable, merger: VillageMerger): Promise<void> {
  let code: string | null = merger.successorCode;
  for (let step = 0; code !== null && step <= SUCCESSIONS_MAX; step += 1) {
    if (code === merger.villageCode)
      throw new RegistryError('registry.bad_merger', '承接村不能是该村自己 (its own successor)');
    const successor = await villageOf(transaction, code);
    if (step === 0 && successor.mergedOn !== null && successor.mergedOn <= merger.mergedOn)
      throw new RegistryError(
        'registry.bad_merger',
        `承接村已于 ${successor.mergedOn} 并入他村 (the successor was merged before)`,
      );
    code = successor.successorCode;
  }
}
