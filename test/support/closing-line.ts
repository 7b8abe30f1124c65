import { writeSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** Ends the output with `N passed, N failed` alone on a line, for whoever reads it by program. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const results = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => test.result().state),
    );
    const passed = results.filter((state) => state === 'passed').length;
    // A file that cannot be loaded has no tests to count, and an error outside of them, or a set-up that left none to
    // run, fails the run all the same.
    const broken =
      modules.filter((module) => module.errors().length > 0).length +
      errors.length +
      (modules.length === 0 ? 1 : 0);
    const failed = results.filter((state) => state === 'failed').length + broken;
    const skipped = results.length - passed - results.filter((state) => state === 'failed').length;
    const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    // After everything that the other reporters still write.
    process.once('exit', () => writeSync(1, `\n${line}\n`));
  }
}
