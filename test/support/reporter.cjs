'use strict';

const { writeFileSync } = require('node:fs');
const Mocha = require('mocha');

const { EVENT_RUN_END } = Mocha.Runner.constants;

/** The variable that names the file for the counts; with it, whoever reads the file prints the closing line. */
const COUNTS_VARIABLE = 'KUBERNAUT_TEST_COUNTS';

/** Mocha's readable report, ended by one line that people and programs can rely on: `N passed, N failed, N skipped`. */
class Reporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    this.counts = { passed: 0, failed: 0, skipped: 0 };
    runner.once(EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      this.counts = { passed: passes, failed: failures, skipped: pending };
    });
  }

  /** Failures only: the counts have their own line. */
  epilogue() {
    if (this.failures.length > 0) Mocha.reporters.Base.list(this.failures);
  }

  /** Called when everything is torn down, so that the closing line is the last one. */
  done(failures, finish) {
    // Set-up that failed before any test ran is a failure too.
    this.counts.failed = Math.max(this.counts.failed, failures);
    const file = process.env[COUNTS_VARIABLE];
    if (file) writeFileSync(file, JSON.stringify(this.counts));
    else console.log(`${this.counts.passed} passed, ${this.counts.failed} failed, ${this.counts.skipped} skipped`);
    finish(failures);
  }
}

module.exports = Reporter;
