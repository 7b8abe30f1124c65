import { Inject, Injectable } from '@nestjs/common';
import { Database } from '#persistence';
import { Clock } from '#platform';
import { FleetRepository } from './fleet.repository.ts';
import { FleetService } from './fleet.service.ts';
import type { StationView } from './station-view.ts';

/** Remembers what each station is doing and since when. Run by the worker. */
@Injectable()
export class StateService {
  private readonly repository: FleetRepository;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(FleetService) private readonly fleet: FleetService,
  ) {
    this.repository = new FleetRepository(database);
  }

  /** Judges all stations and stores those whose state changed. Returns their number. */
  async judgeStations(): Promise<number> {
    const now = this.clock.now();
    const views = await this.fleet.stationViews();
    const changed = views.filter(({ state, now: { state: stored } }) => state !== stored);
    const rows = changed.map((view) => ({
      stationId: view.station.id,
      state: view.state,
      since: sinceOf(view, now),
    }));
    if (rows.length > 0) await this.repository.writeStates(rows, now);
    return rows.length;
  }
}

/** Silence begins with the last word, not when somebody notices. */
function sinceOf(view: StationView, now: Date): Date {
  if (view.state === 'offline') return view.now.contactAt ?? now;
  return view.now.newestSampleAt ?? now;
}
