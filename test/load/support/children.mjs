// What was started and still runs: nothing is left behind when the benchmark is told to stop.
const running = new Map();

/** Remembers a child until it ends. `isGroup`: with all that it starts. */
export function track(child, { isGroup = false } = {}) {
  running.set(child.pid, isGroup);
  child.once('exit', () => running.delete(child.pid));
  return child;
}

export function killAll() {
  for (const [pid, isGroup] of running) process.kill(isGroup ? -pid : pid, 'SIGKILL');
}
