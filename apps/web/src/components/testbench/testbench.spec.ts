import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, faultScriptSchema, scriptedFaultSchema, type ScriptedFault } from '#contracts';
import { dayStartMs, QUARTER_HOUR_MS } from '#domain';
import {
  draftOfRun,
  exampleFaults,
  faultsOfScript,
  fieldsOf,
  newFault,
  parametersOf,
  scriptedOf,
} from './runDraft.ts';
import {
  ENERGY_KINDS,
  gapsOf,
  kwhText,
  percentOf,
  spanOnDay,
  TOLD_KINDS,
  toneOf,
  yuanText,
} from './runWords.ts';

const DAY = '2026-06-10';
const blank = { actionKey: 'k', mode: 'fleet', name: 'n', stations: ['A', 'B'] } as const;

describe('the form of a run', () => {
  it('explains every kind of fault, once', () => {
    expect([...ENERGY_KINDS, ...TOLD_KINDS].sort()).toEqual([...FAULT_KINDS].sort());
  });

  it.each(FAULT_KINDS)('makes a fault of kind %s that the server takes', (kind) => {
    const fields = fieldsOf(kind);
    const draft = {
      ...newFault('A', DAY),
      kind,
      device: fields.has('device') ? 'INV01' : 'left over',
      factor: '0.5',
      string: '3',
      skewS: '-90',
      share: '0.1',
    };
    const scripted = scriptedOf(draft);
    expect(scriptedFaultSchema.safeParse(scripted).error?.issues ?? []).toEqual([]);
    expect(scripted.device).toBe(fields.has('device') ? 'INV01' : undefined);
  });

  it('begins with an example that can be run', () => {
    expect(faultScriptSchema.safeParse(exampleFaults(['A', 'B'], DAY).map(scriptedOf)).success).toBe(true);
    expect(exampleFaults([], DAY)).toEqual([]);
  });

  it('comes back as it was from the parameters of a run', () => {
    const faults = exampleFaults(['A', 'B'], DAY);
    const draft = {
      ...blank,
      stations: ['A', 'B'],
      fromDay: DAY,
      days: '2',
      seed: '7',
      faults,
      fileText: '',
    };
    const parameters = parametersOf(draft);
    expect(parametersOf({ actionKey: 'other', ...draftOfRun('n', parameters) })).toEqual(parameters);
    const asFile = { ...draft, mode: 'file' as const, fileText: JSON.stringify(parameters) };
    expect(parametersOf(asFile)).toEqual(parameters);
    const text = '{"name":"a scenario"}';
    expect(parametersOf({ ...asFile, fileText: text })).toEqual({ kind: 'file', text });
  });

  it('says of a script what is wrong with it', () => {
    const good: ScriptedFault[] = [{ kind: 'offline', station: 'A', from: `${DAY}T10:00:00+08:00` }];
    expect(faultsOfScript(JSON.stringify(good))).toMatchObject({
      faults: [{ from: `${DAY}T10:00`, to: '' }],
    });
    expect(faultsOfScript('[{"kind":"offline"}]')).toMatchObject({
      fault: expect.stringContaining('0.station'),
    });
    expect(faultsOfScript('[')).toHaveProperty('fault');
  });
});

describe('the words of a result', () => {
  it('puts what is negative into brackets and leaves no digit out', () => {
    expect([kwhText(-706_908), kwhText(0), kwhText(null)]).toEqual(['(706.908)', '0.000', '—']);
    expect([yuanText('-69277'), yuanText('5'), yuanText('123456789'), yuanText(null)]).toEqual([
      '(692.77)',
      '0.05',
      '1,234,567.89',
      '—',
    ]);
  });

  it('loses no fen of any amount', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), (fen) => {
        const text = yuanText(String(fen));
        const digits = BigInt(text.replaceAll(/\D/g, ''));
        expect(text.startsWith('(') ? -digits : digits).toBe(fen);
      }),
    );
  });

  it('is not at 100 % before it is over', () => {
    expect([percentOf({ done: 0, total: 0 }), percentOf({ done: 5, total: 5 })]).toEqual([0, 99]);
  });

  it('tells trouble from what is well by colour besides the word', () => {
    expect([toneOf('same'), toneOf('less'), toneOf('more'), toneOf('nothing_stored')]).toEqual([
      '',
      'amber',
      'amber',
      'red',
    ]);
  });

  it('joins quarter hours without a value into gaps', () => {
    const storedWh = Array.from({ length: 96 }, (_, slot) =>
      (slot >= 4 && slot < 8) || slot === 95 ? null : 0,
    );
    const at = (slot: number) => dayStartMs(DAY) + slot * QUARTER_HOUR_MS;
    expect(gapsOf({ day: DAY, storedWh })).toEqual([
      [at(4), at(8)],
      [at(95), at(96)],
    ]);
  });

  it('places an event on the days that it touches', () => {
    const event = { from: `${DAY}T12:00:00+08:00`, to: null };
    expect(spanOnDay(event, DAY)).toEqual({ fromShare: 0.5, toShare: 1 });
    expect(spanOnDay(event, '2026-06-11')).toEqual({ fromShare: 0, toShare: 1 });
    expect(spanOnDay(event, '2026-06-09')).toBeNull();
    expect(spanOnDay({ ...event, to: `${DAY}T18:00:00+08:00` }, '2026-06-11')).toBeNull();
  });
});
