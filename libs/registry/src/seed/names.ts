import { randomFor } from './random.ts';

/*
 * Names of invented villages: grain, light and water before a word of the loess land. The lists hold no surnames and
 * none of the words that the real villages of Lüliang share (家, 上, 下, 圪 …). Held against the public list of
 * villages of all Shanxi, no name that they can form is a real one; keep that true when a list is changed, since
 * invented faults beside a real name would be defamatory (domain.md 5.1).
 */
const FIRST = Array.from('云霁禾穗澄岚瑞棠沐昭曦榆槐杏麦黍粟葵芷煦旭晗曙朗暄和嘉沁素月');
const SECOND = Array.from('禾穗岚霁棠澄瑞昭曦煦朗暄嘉沁葵黍粟泽芸');
/** First words that may stand alone before the land. */
const ALONE = Array.from('霁穗棠沐昭曦葵芷煦旭晗曙暄沁');
const LAND = Array.from('坪沟塬梁峁岔湾坡岭堡庄塔洼垣滩崖');
/** Two-character names are the rarer ones. */
const SHORT_NAME_PROBABILITY = 0.15;
const NAME_TRIES = 200;

/**
 * An invented name of two or three characters, without 村, that is not in `taken`; it is added there.
 * @throws Error where no free name is found: the lists form some ten thousand.
 */
export function villageStem(seed: number, villageCode: string, taken: Set<string>): string {
  const random = randomFor(seed, 'village-name', villageCode);
  for (let attempt = 0; attempt < NAME_TRIES; attempt++) {
    const first = random.pick(FIRST);
    const second = random.pick(SECOND);
    const stem = random.chance(SHORT_NAME_PROBABILITY)
      ? random.pick(ALONE) + random.pick(LAND)
      : first + second + random.pick(LAND);
    if (first === second || taken.has(stem)) continue;
    taken.add(stem);
    return stem;
  }
  throw new Error(`no free name for village ${villageCode}`);
}

/** Every name that can be formed; for the check against lists of real villages. */
export function allVillageStems(): string[] {
  const long = FIRST.flatMap((first) =>
    SECOND.filter((second) => second !== first).map((second) => first + second),
  );
  return [...long, ...ALONE].flatMap((words) => LAND.map((land) => words + land));
}
