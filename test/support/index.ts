export * from './mosquitto.ts';
export * from './test-database.ts';
