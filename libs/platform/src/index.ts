export * from './clock.ts';
export * from './env.ts';
export * from './logger.ts';
export * from './platform.module.ts';
export * from './project-root.ts';
export * from './problem.ts';
export * from './program.ts';
