import { profileSchema, type Profile } from '../profile.ts';
import { LOGGER_PROFILES } from './loggers.ts';
import { TOPIC_VALUE_PROFILES } from './topic-values.ts';
import { PLATFORM_PROFILES } from './platforms.ts';
import { REGISTER_PROFILES } from './registers.ts';

/** Profiles that come with the product, native first. Operators copy and change them; these stay as they are. */
export const BUILTIN_PROFILES: readonly Profile[] = [
  {
    id: 'native',
    name: { zh: '本系统原生协议', en: 'Native protocol' },
    topics: ['pv/v1/{station}/{device}/telemetry', 'pv/v1/{station}/{device}/status'],
    payload: 'native' as const,
  },
  ...PLATFORM_PROFILES,
  ...TOPIC_VALUE_PROFILES,
  ...LOGGER_PROFILES,
  ...REGISTER_PROFILES,
].map((profile) => profileSchema.parse(profile));

const byId = new Map(BUILTIN_PROFILES.map((profile) => [profile.id, profile]));

/** A profile that comes with the product, or `undefined`. */
export const builtinProfile = (id: string): Profile | undefined => byId.get(id);
