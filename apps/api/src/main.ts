import 'reflect-metadata';
import { migrate } from '#persistence';
import { requireDatabaseUrl, runProgram } from '#platform';
import { createApi } from './api.ts';

await runProgram('api', async ({ environment, logger }) => {
  const url = requireDatabaseUrl(environment);
  await migrate(url);
  const app = await createApi({ environment, logger, url });
  app.enableShutdownHooks();
  await app.listen({ port: environment.PORT, host: environment.PV_HOST });
  logger.info({ port: environment.PORT }, 'api.ready');
});
