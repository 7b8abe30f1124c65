export * from './builtin/index.ts';
export * from './decode-with-profile.ts';
export * from './profile.ts';
export * from './profile-reading.ts';
export * from './sparkplug/sparkplug-nodes.ts';
export * from './topic-assembler.ts';
export * from './topic-pattern.ts';
