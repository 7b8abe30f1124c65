import { Inject, Injectable } from '@nestjs/common';
import { DAY_MS, dayOf, dayStartMs } from '#domain';
import { Database } from '#persistence';
import { Clock } from '#platform';
import { FleetRepository, type EnergyEdges } from './fleet.repository.ts';
import { FleetService } from './fleet.service.ts';
import { RollUpService } from './roll-up.service.ts';
import type { StationView } from './station-view.ts';

/** How far back the last energy of a station is looked for, to say since when there is none. */
const LOOK_BACK_MS = 7 * DAY_MS;

/** Remembers what each station is doing and since when. Run by the worker. */
@Injectable()
export class StateService {
  private readonly repository: FleetRepository;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(FleetService) private readonly fleet: FleetService,
    @Inject(RollUpService) private readonly rollUp: RollUpService,
  ) {
    this.repository = new FleetRepository(database);
  }

  /** Judges all stations and stores those whose state changed. Returns their number. */
  async judgeStations(): Promise<number> {
    const now = this.clock.now();
    const views = await this.fleet.stationViews();
    const changed = views.filter(({ state, now: { state: stored } }) => state !== stored);
    if (changed.length === 0) return 0;
    // "Since when" is read off the quarter hours; before the first of them are there it would be a guess.
    const isFirst = changed.some((view) => wasUnknown(view));
    if (isFirst && (await this.rollUp.waiting()) > 0) return 0;
    const edges = await this.edgesOf(changed, now.getTime());
    const rows = changed.map((view) => ({
      stationId: view.station.id,
      state: view.state,
      since: sinceOf(view, edges.get(view.station.id), now),
    }));
    await this.repository.writeStates(rows, now);
    return rows.length;
  }

  private async edgesOf(changed: readonly StationView[], nowMs: number): Promise<Map<number, EnergyEdges>> {
    const edges = await this.repository.energyEdges({
      stationIds: changed.map(({ station }) => station.id),
      from: new Date(nowMs - LOOK_BACK_MS),
      dayStart: new Date(dayStartMs(dayOf(nowMs))),
    });
    return new Map(edges.map((edge) => [edge.stationId, edge]));
  }
}

const wasUnknown = ({ now: { state } }: StationView) => state === null || state === 'unknown';

/** A state begins with what it is about (the last word, the last energy, the first of the day), not when it is noticed. */
function sinceOf(view: StationView, edges: EnergyEdges | undefined, now: Date): Date {
  const sample = view.now.newestSampleAt ?? now;
  switch (view.state) {
    case 'offline':
      return view.now.contactAt ?? now;
    case 'generating':
      // Coming back from trouble counts from the return, not from the morning.
      return wasUnknown(view) || view.now.state === 'night' ? (edges?.firstToday ?? sample) : sample;
    case 'zero':
    case 'night':
      return edges?.lastEnd ?? sample;
    case 'limited':
    case 'low':
    case 'fault':
    case 'unknown':
      return sample;
  }
}
