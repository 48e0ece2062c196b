import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../../../../dev/servers/lock.ts';

describe('withLock', () => {
  let folder = '';
  const file = (): string => join(folder, 'lock');
  const unexpected = (): void => {
    assert.fail('nobody is to wait here');
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kubernaut-lock-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('lets the second wait for the first, and says who that is', async () => {
    const happened: string[] = [];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = withLock(file(), unexpected, async () => {
      await held;
      happened.push('first');
    });
    const waiting = (owner: string): void => {
      happened.push(`waits for ${owner}`);
      release();
    };
    const second = withLock(file(), waiting, () => Promise.resolve(happened.push('second')));
    await Promise.all([first, second]);
    assert.deepEqual(happened, [`waits for ${process.pid}`, 'first', 'second']);
  });

  it('is given back when the work fails', async () => {
    const failure = new Error('no space left');
    await assert.rejects(
      withLock(file(), unexpected, () => Promise.reject(failure)),
      failure,
    );
    assert.equal(existsSync(file()), false);
  });

  it('takes over from an owner that does not run', async () => {
    writeFileSync(file(), `${2 ** 22 + 1} ${hostname()}\n`);
    assert.equal(await withLock(file(), unexpected, () => Promise.resolve('done')), 'done');
  });

  it('takes over from an owner elsewhere that gives no sign of life', async () => {
    writeFileSync(file(), '1 another-host\n');
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(file(), longAgo, longAgo);
    assert.equal(await withLock(file(), unexpected, () => Promise.resolve('done')), 'done');
  });
});
