import { describe, expect, it } from 'vitest';
import { problemOf, withQuery } from './http.ts';

describe('requests', () => {
  it('leaves out what is not set', () => {
    expect(withQuery('/api/v1/fleet', { county: undefined, q: '' })).toBe('/api/v1/fleet');
    expect(withQuery('/api/v1/stations', { q: '大禹', page: 2 })).toBe(
      '/api/v1/stations?q=%E5%A4%A7%E7%A6%B9&page=2',
    );
  });
});

describe('problems', () => {
  it('keeps title, detail, code and reference of the server', () => {
    const body = {
      type: 'about:blank',
      title: 'No such station',
      status: 404,
      code: 'station.not_found',
      reference: 'r-1',
    };
    expect(problemOf(404, body)).toEqual({
      code: 'station.not_found',
      status: 404,
      title: 'No such station',
      detail: null,
      reference: 'r-1',
    });
  });

  it('calls anything else unreadable', () => {
    for (const body of [null, '<html>', {}, { title: 'x' }])
      expect(problemOf(502, body).code).toBe('web.unreadable');
  });
});
