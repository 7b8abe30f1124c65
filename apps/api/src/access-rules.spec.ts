import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { PERMISSIONS } from '#domain';
import { ACCESS_RULES } from './access-rules.ts';
import { CONTROLLERS } from './api.module.ts';
import { routeKey } from './route-key.ts';

/** Routes of a controller as Nest sees them. */
function routesOf(controller: Type): string[] {
  const prototype: object = controller.prototype;
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    const key = typeof handler === 'function' ? routeKey(controller, handler) : null;
    return key === null ? [] : [key];
  });
}

const routes = CONTROLLERS.flatMap(routesOf);

/** What may be sent without a permission: login, one's own password, and three questions that store nothing. */
const WRITES_WITHOUT_PERMISSION = [
  'POST v1/session',
  'POST v1/session/demo',
  'POST v1/session/logout',
  'POST v1/session/password',
  'POST v1/alarms/policies/preview',
  'POST v1/profiles/try',
  'POST v1/settlement/policies/what-if',
];

describe('rules of routes', () => {
  it('are there for every route of every controller, and for no other', () => {
    expect(routes.length).toBeGreaterThan(70);
    for (const controller of CONTROLLERS) expect(routesOf(controller), controller.name).not.toEqual([]);
    expect(Object.keys(ACCESS_RULES).sort()).toEqual([...new Set(routes)].sort());
  });

  it('name a permission for whatever writes, but for the few that are known', () => {
    const free = routes.filter((route) => {
      const rule = ACCESS_RULES[route];
      const needsPermission = rule === 'by_body' || PERMISSIONS.some((permission) => permission === rule);
      return !route.startsWith('GET ') && !needsPermission;
    });
    expect(free.sort()).toEqual([...WRITES_WITHOUT_PERMISSION].sort());
  });

  it('let everybody see only whether the server lives and who he is himself', () => {
    expect(routes.filter((route) => route.startsWith('GET ') && ACCESS_RULES[route] === 'public')).toEqual(
      expect.arrayContaining(['GET health/live', 'GET health/ready', 'GET v1/session']),
    );
    expect(
      routes.filter((route) => route.startsWith('GET ') && ACCESS_RULES[route] === 'public'),
    ).toHaveLength(3);
  });
});
