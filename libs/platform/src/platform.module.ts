import { Module, type DynamicModule } from '@nestjs/common';
import { Clock } from './clock.ts';
import type { Environment } from './env.ts';
import type { Logger } from './logger.ts';

/** Injection tokens of what every program has. */
export const ENVIRONMENT = Symbol('environment');
export const LOGGER = Symbol('logger');

/** Clock of a program, from its settings. */
export function clockFromEnvironment(environment: Environment): Clock {
  return new Clock({
    startAt: environment.PV_CLOCK_START === undefined ? undefined : new Date(environment.PV_CLOCK_START),
    speed: environment.PV_CLOCK_SPEED,
    anchorMs: environment.PV_CLOCK_ANCHOR_MS,
    nightDemo: environment.PV_CLOCK_NIGHT_DEMO === 'on',
  });
}

/** Environment, logger and clock for the whole program. */
@Module({})
export class PlatformModule {
  static forRoot(options: { environment: Environment; logger: Logger }): DynamicModule {
    return {
      module: PlatformModule,
      global: true,
      providers: [
        { provide: ENVIRONMENT, useValue: options.environment },
        { provide: LOGGER, useValue: options.logger },
        { provide: Clock, useValue: clockFromEnvironment(options.environment) },
      ],
      exports: [ENVIRONMENT, LOGGER, Clock],
    };
  }
}
