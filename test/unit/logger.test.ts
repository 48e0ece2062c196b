import assert from 'node:assert/strict';
import { InvalidRequestError } from '../../src/errors.ts';
import { createLogger, temporalLogger } from '../../src/logger.ts';
import type { LoggerOptions } from '../../src/logger.ts';

function recording(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ level: 'INFO', format: 'json', process: 'watcher', destination, ...options });
  const last = () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>;
  return { log, lines, last };
}

describe('The logger', () => {
  it('writes one JSON line with the common keys', () => {
    const { log, last } = recording({ pod: 'ro-1' });
    log.with({ rr: 'rr-a', namespace: 'ro' }).info('Committing step', { step: 4 });
    const { ts, ...line } = last();
    assert.match(String(ts), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(line, {
      level: 'INFO',
      process: 'watcher',
      pod: 'ro-1',
      rr: 'rr-a',
      namespace: 'ro',
      step: 4,
      msg: 'Committing step',
    });
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = recording({ level: 'WARN' });
    log.info('Looking around');
    log.warn('Losing the watch');
    assert.equal(lines.length, 1);
  });

  it('H-14 keeps a line one line, whatever a text contains', () => {
    const { log, lines, last } = recording();
    const hostile = 'a\n{"level":"ERROR"}\u001b[31m';
    log.info('Registering request', { reason: hostile });
    assert.equal(lines.join('').trimEnd().split('\n').length, 1);
    assert.ok(!lines.join('').includes('\u001b'));
    assert.equal(last()['reason'], hostile);
  });

  it('cuts texts of others at 1 KiB', () => {
    const { log, last } = recording();
    log.info('Registering request', { reason: 'x'.repeat(5000) });
    assert.equal(last()['reason'], `${'x'.repeat(1024)}… [cut]`);
  });

  it('tells an error with its causes and code, and none of what clients hang on it', () => {
    const { log, last } = recording();
    const cause = Object.assign(new Error('HTTP 404'), { body: 'secret' });
    log.warn('Reading request', { err: new InvalidRequestError('NOT_FOUND', 'no such request', { cause }) });
    const { stack, ...err } = last()['err'] as Record<string, unknown>;
    assert.ok(stack);
    assert.deepEqual(err, { type: 'InvalidRequestError', code: 'NOT_FOUND', message: 'no such request: HTTP 404' });
  });

  it('writes for people when asked to', () => {
    const { log, lines } = recording({ format: 'console' });
    log.info('Committing step', { step: 4 });
    assert.match(lines.join(''), /INFO.*Committing step.*"step":4/s);
  });

  it("takes Temporal's lines under its own keys", () => {
    const { log, last } = recording();
    temporalLogger(log).log('WARN', 'Activity failed', { workflowId: 'rr-1', attempt: 3, runs: 5n });
    const { level, msg, workflow_id, attempt, runs, logger } = last();
    assert.deepEqual(
      [level, msg, workflow_id, attempt, runs, logger],
      ['WARN', 'Activity failed', 'rr-1', 3, '5', 'temporal'],
    );
  });
});
