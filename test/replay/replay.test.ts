import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { before } from 'mocha';
import { workflowCode } from '../support/bundle.ts';
import { quietRuntime } from '../support/quiet-runtime.ts';

const HISTORIES = join(import.meta.dirname, '../histories');
const files = readdirSync(HISTORIES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));

/** The ways that every version must have been recorded on. */
const PATHS = ['direct', 'approval', 'rejected', 'timed-out', 'cancelled', 'outage'];

describe('the history of a remediation, under the code of today', () => {
  let workflowBundle: { readonly code: string };
  before(async function () {
    this.timeout(60_000);
    quietRuntime();
    workflowBundle = { code: await workflowCode() };
  });
  const replay = (history: unknown) => Worker.runReplayHistory({ workflowBundle }, historyFromJSON(history));
  const read = (file: string): { events: Record<string, unknown>[] } =>
    JSON.parse(readFileSync(join(HISTORIES, file), 'utf8')) as { events: Record<string, unknown>[] };

  it('is there for every version and way', () => {
    const versions = new Set(files.map((file) => file.split('/')[0] ?? ''));
    assert.ok(versions.size > 0);
    for (const version of versions)
      for (const path of PATHS) assert.ok(files.includes(`${version}/${path}.json`), `${version}/${path}.json`);
  });

  for (const file of files)
    it(`is repeated step by step: ${file}`, async () => {
      await replay(read(file));
    });

  it('is not repeated when it is another one', async () => {
    const { events } = read(files.find((file) => file.endsWith('timed-out.json')) ?? '');
    const changed = events.filter(({ eventType }) => eventType !== 'EVENT_TYPE_TIMER_STARTED');
    const renumbered = changed.map((event, i) => ({ ...event, eventId: String(i + 1) }));
    await assert.rejects(replay({ events: renumbered }), DeterminismViolationError);
  });
});
