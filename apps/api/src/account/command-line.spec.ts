import { describe, expect, it } from 'vitest';
import { readCommand, UsageError } from './command-line.ts';

describe('account command', () => {
  it('reads an account with its person, role and counties', () => {
    expect(
      readCommand([
        'create',
        'Wang.Li',
        '--person',
        '王丽',
        '--role',
        'clerk',
        '--counties',
        '141124,141125',
      ]),
    ).toEqual({
      what: 'create',
      name: 'wang.li',
      person: '王丽',
      role: 'clerk',
      counties: ['141124', '141125'],
    });
  });

  it('reads the whole city, which is not an empty list', () => {
    expect(readCommand(['change', 'wang', '--counties', 'all'])).toEqual({
      what: 'change',
      name: 'wang',
      counties: null,
    });
    expect(() => readCommand(['change', 'wang', '--counties', ''])).toThrow(UsageError);
  });

  it.each([
    [[]],
    [['delete', 'wang']],
    [['create', 'wang']],
    [['create', 'wang', '--role', 'king']],
    [['create', '王丽', '--role', 'clerk']],
    [['list', 'wang']],
    [['password', 'wang', 'extra']],
    [['create', 'wang', '--role', 'clerk', '--password', 'secret']],
  ])('does not guess at %j', (args) => {
    expect(() => readCommand(args)).toThrow(UsageError);
  });
});
