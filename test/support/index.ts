export * from './browser.ts';
export * from './mosquitto.ts';
export * from './standalone.ts';
export * from './test-database.ts';
export { startApacheTimescale } from './timescale-server.ts';
