/**
 * Puts together the readings of devices that publish one value a topic. A group of values per device is open from its
 * first value, and closes
 *   - when a value comes for a place that is already filled: the next round has begun;
 *   - when the device's own time changes after values came;
 *   - when nothing came for the quiet time of the profile, or the group is too old (`due`).
 * Time is what the messages and the caller say; there are no timers. What is open is not stored: a caller that
 * acknowledges after the commit must wait for it (`oldestOpenAtMs`).
 */
import type { Profile } from './profile.ts';
import { decodeWithProfile, type ProfileMessage } from './decode-with-profile.ts';
import { buildReading } from './profile-reading.ts';
import type { PartialReading, ProfileDecoded, ProfileReading } from './profile-reading.ts';

/** More devices than the fleet has; beyond it the oldest group is closed early rather than memory grow. */
const OPEN_GROUPS_MAX = 10_000;

interface Group {
  sourceId: string;
  patches: Map<string, PartialReading['patches'][number]>;
  measuredAtMs: number | null;
  firstAtMs: number;
  lastAtMs: number;
}

export class TopicAssembler {
  private readonly groups = new Map<string, Group>();

  constructor(private readonly profile: Profile) {}

  /** Decodes a message by the profile. `readings` are those that it completed, of whatever device. */
  accept(message: ProfileMessage): ProfileDecoded {
    const decoded = decodeWithProfile(this.profile, message);
    if (decoded.partials.length === 0) return decoded;
    const readings = [
      ...this.due(message.receivedAtMs),
      ...decoded.partials.flatMap((partial) => this.merge(partial)),
    ];
    return { ...decoded, partials: [], readings };
  }

  /** Readings of the devices that are silent, or have been open for too long, at `nowMs`. */
  due(nowMs: number): ProfileReading[] {
    const { quietMs, longestMs } = this.profile.assembly;
    const readings: ProfileReading[] = [];
    for (const group of this.groups.values()) {
      // A time that came ahead of its values waits for them.
      const quiet = group.patches.size > 0 && nowMs - group.lastAtMs >= quietMs;
      if (quiet || nowMs - group.firstAtMs >= longestMs) readings.push(...this.close(group));
    }
    return readings;
  }

  /** Everything that is open, as at the end of a connection. */
  flush(): ProfileReading[] {
    return [...this.groups.values()].flatMap((group) => this.close(group));
  }

  /** Receipt of the oldest message that is not yet part of a reading, epoch ms; `null` where none is open. */
  oldestOpenAtMs(): number | null {
    let oldest: number | null = null;
    for (const { firstAtMs } of this.groups.values()) oldest = Math.min(oldest ?? firstAtMs, firstAtMs);
    return oldest;
  }

  private merge(partial: PartialReading): ProfileReading[] {
    const open = this.groups.get(partial.sourceId);
    const readings = open && this.beginsNextRound(open, partial) ? this.close(open) : [];
    readings.push(...this.makeRoom(partial.sourceId));
    const group = this.groups.get(partial.sourceId) ?? this.openGroup(partial);
    group.lastAtMs = partial.receivedAtMs;
    if (partial.measuredAtMs !== null) group.measuredAtMs = partial.measuredAtMs;
    for (const patch of partial.patches) group.patches.set(patch.slot, patch);
    return readings;
  }

  private beginsNextRound(group: Group, { patches, measuredAtMs }: PartialReading): boolean {
    const otherTime =
      measuredAtMs !== null && group.measuredAtMs !== null && group.measuredAtMs !== measuredAtMs;
    return (otherTime && group.patches.size > 0) || patches.some(({ slot }) => group.patches.has(slot));
  }

  private openGroup({ sourceId, receivedAtMs }: PartialReading): Group {
    const group: Group = {
      sourceId,
      patches: new Map(),
      measuredAtMs: null,
      firstAtMs: receivedAtMs,
      lastAtMs: receivedAtMs,
    };
    this.groups.set(sourceId, group);
    return group;
  }

  private makeRoom(sourceId: string): ProfileReading[] {
    if (this.groups.has(sourceId) || this.groups.size < OPEN_GROUPS_MAX) return [];
    const [oldest] = this.groups.values();
    return oldest ? this.close(oldest) : [];
  }

  private close(group: Group): ProfileReading[] {
    this.groups.delete(group.sourceId);
    const { sourceId, measuredAtMs, firstAtMs } = group;
    if (group.patches.size === 0) return [];
    return [
      buildReading(
        {
          profileId: this.profile.id,
          sourceId,
          measuredAtMs: measuredAtMs ?? firstAtMs,
          timeSource: measuredAtMs === null ? 'received' : 'device',
          historical: false,
        },
        [...group.patches.values()],
      ),
    ];
  }
}
