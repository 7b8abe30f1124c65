export * from './message-replay.ts';
export * from './profile.service.ts';
export * from './quarantine.service.ts';
export * from './receipt.service.ts';
export * from './review.module.ts';
