import type { Profile } from '#ingestion';
import { EnergyReader } from './energy-reader.ts';
import { mismatchesOf } from './expectations.ts';
import { MoneyDesk } from './money-desk.ts';
import { MONEY_ACTIONS } from './money-file.ts';
import { readSettled, settledMismatches, type SettledOutcome } from './money-outcome.ts';
import { readOutcome, type Outcome } from './outcome.ts';
import type { Scenario } from './scenario-file.ts';
import { writeStations } from './stations.ts';
import type { Play, Stage } from './story.ts';

export interface FileEnd {
  mismatches: string[];
  outcome: Outcome & { settled?: SettledOutcome };
}

/**
 * A scenario file as a play.
 * @param onStep is told how many of the steps are taken.
 */
export function filePlay(
  scenario: Scenario,
  profiles: readonly Profile[],
  onStep: (done: number) => void = () => undefined,
): Play<FileEnd> {
  let money: MoneyDesk | null = null;
  return {
    startMs: scenario.steps[0]?.atMs ?? Date.now(),
    profiles,
    isBrokerKilled: scenario.steps.some(({ kill }) => kill === 'broker'),
    onRequest: null,
    write: (database) => writeStations(database, scenario, profiles),
    async act(stage) {
      money = await moneyDesk(stage, scenario);
      for (const [index, step] of scenario.steps.entries()) {
        await stage.take(step);
        if (MONEY_ACTIONS.some((action) => step[action] !== undefined)) {
          // Money is matched with the days as they are known by now.
          await stage.settle();
          await money?.take(step);
        }
        onStep(index + 1);
      }
    },
    async read({ database, clock, found }) {
      const energy = new EnergyReader(database);
      const outcome = await readOutcome(database, clock, energy);
      const mismatches = await mismatchesOf(scenario.expect, {
        outcome,
        energyBetween: (question) => energy.between(question),
      });
      const settled = money && (await readSettled(database, money, scenario.truth));
      if (settled && scenario.expect.settled)
        mismatches.push(...settledMismatches(scenario.expect.settled, settled));
      return {
        outcome: settled ? { ...outcome, settled } : outcome,
        mismatches: [...found, ...mismatches],
      };
    },
  };
}

/** Only where a station has an account: a scenario of readings has no ledger. */
async function moneyDesk(
  { database, clock }: Pick<Stage, 'database' | 'clock'>,
  { stations }: Scenario,
): Promise<MoneyDesk | null> {
  const accounts = new Map(
    stations.flatMap(({ code, settlement }) => (settlement ? [[code, settlement] as const] : [])),
  );
  if (accounts.size === 0) return null;
  const desk = new MoneyDesk(database, clock, accounts);
  await desk.prepare();
  return desk;
}
