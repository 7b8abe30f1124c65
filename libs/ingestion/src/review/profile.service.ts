import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import {
  trialRequestSchema,
  type ProfileDetail,
  type ProfileList,
  type ProfileSources,
  type ProfileSummary,
  type SaveSources,
  type TrialResult,
} from '#contracts';
import type { z } from 'zod';
import { Database } from '#persistence';
import { Clock, LOGGER, ProblemError, type Logger } from '#platform';
import { filtersOf } from '../decoder-set.ts';
import { BUILTIN_PROFILES, builtinProfile } from '../profiles/builtin/index.ts';
import { decodeWithProfile, readsTopic } from '../profiles/decode-with-profile.ts';
import { profileSchema, type Profile } from '../profiles/profile.ts';
import { ProfileRepository, type ProfileChange, type StoredProfile } from './profile.repository.ts';
import { sourcesIn, trialReading, tryProfile } from './profile-trial.ts';
import { QuarantineRepository } from './quarantine.repository.ts';

/** The native protocol is the ground that everything stands on: it is always read, and as it is. */
const NATIVE_ID = 'native';
/** Newest quarantined messages in which names without a device are looked for. */
const SEEN_MESSAGES_MAX = 1000;

type Content = Record<string, unknown>;
type ParsedTrial = z.output<typeof trialRequestSchema>;

/** Profiles of vendors' messages: built-in ones, changed copies and own ones; tried, switched and mapped. */
@Injectable()
export class ProfileService {
  private readonly repository: ProfileRepository;
  private readonly quarantine: QuarantineRepository;

  constructor(
    @Inject(Database) database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.repository = new ProfileRepository(database);
    this.quarantine = new QuarantineRepository(database);
  }

  /** Built-in profiles in their order, then one's own by id. */
  async list(): Promise<ProfileList> {
    const [rows, mapped] = await Promise.all([this.repository.stored(), this.repository.mappedCounts()]);
    const stored = new Map(rows.map((row) => [row.id, row]));
    const own = rows.filter(({ id, content }) => content !== null && builtinProfile(id) === undefined);
    const ids = [...BUILTIN_PROFILES.map(({ id }) => id), ...own.map(({ id }) => id)];
    return {
      items: ids.map((id) => summaryOf(id, stored.get(id) ?? null, mapped.get(id) ?? 0)),
    };
  }

  /** @throws ProblemError `profile.not_found` */
  async detail(id: string): Promise<ProfileDetail> {
    const stored = await this.existing(id);
    const mapped = await this.repository.mappedCounts();
    const builtin = builtinProfile(id) ?? null;
    return {
      ...summaryOf(id, stored, mapped.get(id) ?? 0),
      content: contentOf(id, stored),
      builtinContent: builtin === null ? null : { ...builtin },
    };
  }

  /**
   * Keeps an own profile or a changed copy of a built-in one; one that says what the built-in one says is that again.
   * @throws ProblemError `profile.invalid` naming every bad place, `profile.native_is_fixed`
   */
  async save(id: string, content: Content, changedBy: string): Promise<ProfileDetail> {
    if (id === NATIVE_ID) throw nativeIsFixed();
    const profile = parsed(content);
    if (profile.id !== id)
      throw invalid([{ path: 'id', message: `is ${profile.id}, and the address says ${id}` }]);
    const isBuiltin = isDeepStrictEqual(profile, builtinProfile(id));
    await this.repository.saveContent(this.change(id, changedBy), isBuiltin ? null : content);
    this.logger.info({ profile: id, isBuiltin }, 'profile.saved');
    return this.detail(id);
  }

  /** @throws ProblemError `profile.not_found`, `profile.invalid`, `profile.native_is_fixed` */
  async switch(id: string, options: { enabled: boolean; changedBy: string }): Promise<ProfileDetail> {
    if (id === NATIVE_ID) throw nativeIsFixed();
    const stored = await this.existing(id);
    // What cannot be read must not be switched on; to switch it off is always right.
    if (options.enabled) parsed(contentOf(id, stored));
    await this.repository.saveEnabled(this.change(id, options.changedBy), options.enabled);
    this.logger.info({ profile: id, enabled: options.enabled }, 'profile.switched');
    return this.detail(id);
  }

  /** @throws ProblemError `profile.not_found`, `profile.invalid` */
  async sources(id: string): Promise<ProfileSources> {
    const profile = parsed(contentOf(id, await this.existing(id)));
    const mapped = await this.repository.sources(id);
    const known = new Set(mapped.map(({ sourceId }) => sourceId));
    const seen = new Map<string, { messages: number; lastReceivedAtMs: number }>();
    for (const message of await this.quarantine.newestUnknown(SEEN_MESSAGES_MAX)) {
      if (!readsTopic(profile, message.topic)) continue;
      for (const sourceId of sourcesIn(decodeWithProfile(profile, message))) {
        if (known.has(sourceId)) continue;
        const before = seen.get(sourceId);
        seen.set(sourceId, {
          messages: (before?.messages ?? 0) + message.times,
          lastReceivedAtMs: Math.max(before?.lastReceivedAtMs ?? 0, message.lastReceivedAtMs),
        });
      }
    }
    return {
      mapped,
      seen: [...seen].map(([sourceId, { messages, lastReceivedAtMs }]) => ({
        sourceId,
        messages,
        lastReceivedAt: new Date(lastReceivedAtMs).toISOString(),
      })),
    };
  }

  /**
   * Replaces the whole mapping, or changes nothing.
   * @throws ProblemError `profile.not_found`, `profile.native_is_fixed`, `profile.sources_invalid` naming every bad row
   */
  async saveSources(id: string, { sources, changedBy }: SaveSources): Promise<ProfileSources> {
    if (id === NATIVE_ID) throw nativeIsFixed();
    await this.existing(id);
    const first = new Map<string, number>();
    const twice = sources.flatMap(({ sourceId }, place) => {
      if (first.has(sourceId)) return [place];
      first.set(sourceId, place);
      return [];
    });
    if (twice.length > 0)
      throw sourcesInvalid(twice.map((place) => [`sources.${place}.sourceId`, 'stands in the list twice']));
    const unknown = await this.repository.replaceSources(this.change(id, changedBy), sources);
    if (unknown.length > 0)
      throw sourcesInvalid(
        unknown.map((place) => [
          `sources.${place}.device`,
          `no device ${sources[place]?.station}/${sources[place]?.device} in the registry`,
        ]),
      );
    this.logger.info({ profile: id, sources: sources.length }, 'profile.sources_saved');
    return this.sources(id);
  }

  /**
   * What ingest would make of the messages; nothing is stored.
   * @throws ProblemError `profile.not_found`, `profile.invalid`
   */
  async try(request: ParsedTrial): Promise<TrialResult> {
    const { profileId, content, messages, receivedAt } = request;
    const id = profileId ?? '';
    const profile = parsed(content ?? contentOf(id, await this.existing(id)));
    const trial = tryProfile(
      profile,
      messages.map(({ topic, text, hex, retained }) => ({
        topic,
        payload: hex === undefined ? Buffer.from(text ?? '') : Buffer.from(hex, 'hex'),
        retained,
      })),
      receivedAt === undefined ? this.clock.nowMs() : Date.parse(receivedAt),
    );
    const mapping = new Map(
      (await this.repository.sources(profile.id)).map(({ sourceId, ...device }) => [sourceId, device]),
    );
    const named = trial.readings.flatMap(({ stationCode, deviceCode }) =>
      stationCode !== null && deviceCode !== null ? [{ station: stationCode, device: deviceCode }] : [],
    );
    const known = await this.repository.knownDevices(named);
    const readings = trial.readings.map((reading) =>
      trialReading(reading, ({ stationCode: station, deviceCode: device, sourceId }) => {
        if (station !== null && device !== null)
          return { station, device, known: known.has(`${station}/${device}`) };
        const mapped = mapping.get(sourceId);
        return mapped ? { ...mapped, known: true } : null;
      }),
    );
    return { ...trial, readings };
  }

  private change(id: string, changedBy: string): ProfileChange {
    return { id, changedBy, changedAtMs: this.clock.nowMs() };
  }

  /** The stored row, null for a built-in profile that nobody touched. */
  private async existing(id: string): Promise<StoredProfile | null> {
    const stored = await this.repository.one(id);
    if (builtinProfile(id) === undefined && (stored?.content ?? null) === null)
      throw new ProblemError(404, 'profile.not_found', `no profile ${id}`);
    return stored;
  }
}

function summaryOf(id: string, stored: StoredProfile | null, mappedDevices: number): ProfileSummary {
  const content = contentOf(id, stored);
  const result = profileSchema.safeParse(content);
  const profile = result.success ? result.data : null;
  return {
    id,
    name: profile?.name ?? { zh: id, en: id },
    origin:
      builtinProfile(id) === undefined ? 'own' : (stored?.content ?? null) === null ? 'builtin' : 'changed',
    payload: profile?.payload ?? 'unknown',
    enabled: id === NATIVE_ID || (stored?.enabled ?? false),
    filters: profile ? filtersOf(profile) : [],
    mappedDevices,
    problem: result.success ? null : (placesOf(result.error)[0]?.message ?? 'invalid'),
    changedAt: stored?.changedAt.toISOString() ?? null,
    changedBy: stored?.changedBy ?? null,
  };
}

function contentOf(id: string, stored: StoredProfile | null): Content {
  const content = stored?.content ?? builtinProfile(id);
  return typeof content === 'object' && content !== null && !Array.isArray(content) ? { ...content } : {};
}

function parsed(content: Content): Profile {
  const result = profileSchema.safeParse(content);
  if (!result.success) throw invalid(placesOf(result.error));
  return result.data;
}

interface Place {
  path: string;
  message: string;
}

/** More than these are not mended in one go. */
const PLACES_MAX = 50;

const placesOf = ({ issues }: z.ZodError): Place[] =>
  issues.slice(0, PLACES_MAX).map(({ path, message }) => ({ path: path.join('.'), message }));

const invalid = (places: readonly Place[]) =>
  new ProblemError(
    422,
    'profile.invalid',
    places.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; '),
    places,
  );

const sourcesInvalid = (places: readonly (readonly [string, string])[]) =>
  new ProblemError(
    422,
    'profile.sources_invalid',
    `${places.length} rows cannot be mapped`,
    places.slice(0, PLACES_MAX).map(([path, message]) => ({ path, message })),
  );

const nativeIsFixed = () =>
  new ProblemError(422, 'profile.native_is_fixed', 'the native protocol is always read, and as it is');
