import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';

/**
 * `METHOD path` of a handler without the global prefix, such as `GET v1/stations/:code`, from what Nest keeps of its
 * decorators; null where the method is no handler.
 */
export function routeKey(controller: Type, handler: object): string | null {
  const paths = { controller: pathOf(controller), handler: pathOf(handler) };
  const method: unknown = Reflect.getMetadata(METHOD_METADATA, handler);
  if (paths.controller === null || paths.handler === null || typeof method !== 'number') return null;
  const path = [paths.controller, paths.handler].filter((part) => part !== '').join('/');
  return `${RequestMethod[method] ?? '?'} ${path}`;
}

function pathOf(target: object): string | null {
  const path: unknown = Reflect.getMetadata(PATH_METADATA, target);
  return typeof path === 'string' ? path.replaceAll(/^\/|\/$/g, '') : null;
}
