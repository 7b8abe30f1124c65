export * from './time/shanghai.ts';
