// Numbers and waiting.
import { readdir, readFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

export const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Value that `share` of a sorted list stays below. */
export const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

export const round = (value, digits = 2) => Math.round(value * 10 ** digits) / 10 ** digits;
export const perSecond = (count, ms) => Math.round((count * 1000) / ms);

/** @returns whole numbers with separators, for people. */
export const human = (value) => (typeof value === 'number' ? value.toLocaleString('en-US') : String(value));

export const machine = () => ({
  machine: `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB`,
  node: process.version,
  date: new Date().toISOString(),
});

/** Asks again until the answer is true. @throws Error that names what was waited for. */
export async function until(what, isTrue, { everyMs = 50, timeoutMs = 600_000 } = {}) {
  const endAt = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() > endAt) throw new Error(`waited ${timeoutMs / 1000} s for: ${what}`);
    await delay(everyMs);
  }
}

export function say(text) {
  process.stderr.write(`bench: ${text}\n`);
}

/** Ticks of /proc a second, as every Linux on amd64 and arm64 has it. */
const TICKS_PER_S = 100;

/** Parent, own ticks and those of children that have ended; null where Linux knows of no such process. */
async function processOf(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [, parent] = fields;
  const [own, ofChildren] = [fields[11] + fields[12], fields[13] + fields[14]];
  return { parent, own, ofChildren };
}

/**
 * Processor seconds so far of each process with its children, and of the whole machine. They tell what a figure cost
 * even while somebody else loads the machine.
 */
export async function cpuSeconds(pids) {
  const total =
    cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000;
  const all = await readdir('/proc').catch(() => []);
  const processes = await Promise.all(all.filter((name) => /^\d+$/.test(name)).map(processOf));
  const found = { machine: total };
  for (const [name, pid] of Object.entries(pids)) {
    const process = pid === undefined ? null : await processOf(pid);
    if (process === null) continue;
    const living = processes.filter((each) => each?.parent === pid);
    const ticks = living.reduce(
      (sum, each) => sum + each.own + each.ofChildren,
      process.own + process.ofChildren,
    );
    found[name] = ticks / TICKS_PER_S;
  }
  return found;
}

/** Runs `work`; what it took in time and in processor seconds. */
export async function timed(pids, work) {
  const before = await cpuSeconds(pids);
  const from = performance.now();
  await work();
  const ms = performance.now() - from;
  const after = await cpuSeconds(pids);
  const cpuS = Object.fromEntries(
    Object.entries(after).map(([name, seconds]) => [name, round(seconds - before[name], 1)]),
  );
  return { ms: Math.round(ms), cpuS };
}
