import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Environment } from '#platform';
import {
  formatOf,
  layoutOf,
  monthsOf,
  paperFaultsOf,
  type PaperSettings,
} from './settlement/paper-settings.ts';

/** What a run is asked to do; from the environment, and above it from the command line. */
export interface RunSettings {
  mqttUrl: string;
  databaseUrl: string | null;
  seed: number;
  intervalS: number;
  speed: number;
  startAt: Date | null;
  /** Stop when the clock shows this; null runs until it is told to stop. */
  until: { days: number } | { at: Date } | null;
  /** The first so many stations; null is all. */
  stations: number | null;
  faults: 'none' | 'rates' | { script: string };
  truth: boolean;
  day: string | null;
  /** Months of the past whose money is written into an empty ledger; 0 is none. */
  settledMonths: number;
  /** Papers to write instead of a run; null where it is a run. */
  statements: PaperSettings | null;
}

/** An argument that cannot be used. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const HELP = `用法 Usage: npm run simulate -- [选项 options]

模拟吕梁 468 座村级光伏电站,按实时(或加速)通过 MQTT 上报;数据均为模拟数据。
Simulates the gateways of 468 village PV stations over MQTT. All data are invented.

  --mqtt URL        消息服务器 broker               (MQTT_URL, mqtt://127.0.0.1:1883)
  --seed N          随机种子 seed of the fleet      (PV_SEED, 1)
  --interval S      上报间隔,秒 seconds a reading   (PV_INTERVAL_S, 300)
  --speed X         时钟倍速 clock speed, 0.1-1000  (PV_CLOCK_SPEED, 1)
  --start ISO       时钟起点 start of the clock     (PV_CLOCK_START, now), e.g. 2026-06-01T08:00:00+08:00
  --days N          运行 N 天后停止 stop after N days of the clock
  --until ISO       运行到此时刻 stop when the clock shows this
  --stations N      只用前 N 座电站 only the first N stations
  --faults WHICH    none | rates | 脚本文件 FILE    (PV_FAULTS: on = rates, off = none)
  --truth           打印真值(JSON)后退出 print the truth as JSON and exit: energy a device and day, faults,
                       lost Wh, numbers of the messages that they touch
  --day YYYY-MM-DD  真值的日期 day of the truth; with --days N so many days from it (today)
  --statements YYYY-MM[..YYYY-MM]
                    写出电网结算单、发票、银行流水与应有的账 writes statements, invoices, bank lines and the
                       ledger that they must lead to, and exits; goes with
    --layout WHICH     document | component | merged | mixed (mixed: 各县不同 in turn by county)
    --format WHICH     xlsx | csv | gbk                   (what the layout is usually sent as)
    --out FOLDER       写入的文件夹 folder                (statements)
    --faults WHICH     none | all | KIND[@STATION[@YYYY-MM]],…   KIND: unit_slip missing_statement
                       wrong_tariff double_line late_subsidy corrected
  --help            本说明 this text

故障脚本 Fault script: JSON array, e.g.
  [{"kind":"offline","station":"141124-001","from":"2026-06-01T09:00:00+08:00","to":"2026-06-01T12:00:00+08:00"},
   {"kind":"low","station":"141124-002","device":"INV01","from":"2026-06-01T00:00:00+08:00","factor":0.5}]
  kind: outage zero low string_low insulation device_silent over_voltage overheat offline
        late_backlog counter_reset counter_jump clock_skew lost_messages conflict duplicate garbage
  device, factor (low, string_low), string (string_low), skewS (clock_skew),
  share of the messages (lost_messages, conflict; 0.04); 没有 to 即一直持续 without "to" it never ends
`;

const DEFAULT_MQTT_URL = 'mqtt://127.0.0.1:1883';
const STATIONS_MAX = 468;
const DAYS_MAX = 400;
const SPEED = { min: 0.1, max: 1000 };
const INTERVAL_S = { min: 5, max: 3600 };

/**
 * Reads the arguments over the environment.
 * @returns null where help was asked for.
 * @throws UsageError that names the argument.
 */
export function readSettings(args: readonly string[], environment: Environment): RunSettings | null {
  const values = parse(args);
  if (values.help) return null;
  const { days, until } = values;
  if (days !== undefined && until !== undefined)
    throw new UsageError('--days and --until exclude each other');
  const truth = values.truth ?? false;
  if (values.day !== undefined && !truth) throw new UsageError('--day goes with --truth');
  const statements = statementsOf(values);
  return {
    mqttUrl: values.mqtt ?? environment.MQTT_URL ?? DEFAULT_MQTT_URL,
    databaseUrl: environment.DATABASE_URL ?? null,
    seed: whole('--seed', values.seed, { min: 0, max: 4_294_967_295 }) ?? environment.PV_SEED,
    intervalS: whole('--interval', values.interval, INTERVAL_S) ?? environment.PV_INTERVAL_S,
    speed: number('--speed', values.speed, SPEED) ?? environment.PV_CLOCK_SPEED,
    startAt: instant('--start', values.start ?? environment.PV_CLOCK_START),
    until: endOf(whole('--days', days, { min: 1, max: DAYS_MAX }), instant('--until', until)),
    stations: whole('--stations', values.stations, { min: 1, max: STATIONS_MAX }),
    // The faults of papers are no faults of stations.
    faults:
      statements === null
        ? faultsOf(values.faults ?? (environment.PV_FAULTS === 'on' ? 'rates' : 'none'))
        : 'none',
    settledMonths: environment.PV_SETTLED_MONTHS,
    truth,
    day: dayArgument(values.day),
    statements,
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        mqtt: text,
        seed: text,
        interval: text,
        speed: text,
        start: text,
        days: text,
        until: text,
        stations: text,
        faults: text,
        day: text,
        statements: text,
        layout: text,
        format: text,
        out: text,
        truth: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the arguments cannot be read', {
      cause: error,
    });
  }
}

const PAPERS_FOLDER = 'statements';

function statementsOf(values: ReturnType<typeof parse>): PaperSettings | null {
  const { statements, layout, format, out } = values;
  if (statements === undefined) {
    if (layout !== undefined || format !== undefined || out !== undefined)
      throw new UsageError('--layout, --format and --out go with --statements');
    return null;
  }
  const months = monthsOf(statements);
  if (months === null) throw new UsageError(`--statements: ${statements} is not YYYY-MM or YYYY-MM..YYYY-MM`);
  const knownLayout = layoutOf(layout ?? 'mixed');
  if (knownLayout === undefined) throw new UsageError(`--layout: there is no ${layout}`);
  const knownFormat = format === undefined ? null : formatOf(format);
  if (knownFormat === undefined) throw new UsageError(`--format: there is no ${format}`);
  const found = paperFaultsOf(values.faults ?? 'none');
  if ('wrong' in found) throw new UsageError(`--faults: ${found.wrong} is no fault of a statement`);
  return {
    months,
    layout: knownLayout,
    format: knownFormat,
    folder: out ?? PAPERS_FOLDER,
    faults: found.faults,
  };
}

function number(name: string, text: string | undefined, range: { min: number; max: number }): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (text.trim() === '' || !(value >= range.min && value <= range.max)) {
    throw new UsageError(`${name}: ${text} is not a number from ${range.min} to ${range.max}`);
  }
  return value;
}

function whole(name: string, text: string | undefined, range: { min: number; max: number }): number | null {
  const value = number(name, text, range);
  if (value !== null && !Number.isInteger(value))
    throw new UsageError(`${name}: ${text} is not a whole number`);
  return value;
}

function instant(name: string, text: string | undefined): Date | null {
  if (text === undefined) return null;
  // Without a zone the instant would depend on the machine.
  const at = /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new UsageError(`${name}: ${text} is not an ISO 8601 instant with zone`);
  return new Date(at);
}

function dayArgument(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(Date.parse(text))) {
    throw new UsageError(`--day: ${text} is not a day YYYY-MM-DD`);
  }
  return text;
}

function endOf(days: number | null, at: Date | null): RunSettings['until'] {
  if (days !== null) return { days };
  return at === null ? null : { at };
}

function faultsOf(text: string): RunSettings['faults'] {
  if (text === 'none' || text === 'rates') return text;
  try {
    return { script: readFileSync(text, 'utf8') };
  } catch (error) {
    throw new UsageError(`--faults: ${text} is neither none, rates nor a file that can be read`, {
      cause: error,
    });
  }
}
