import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { noteHint } from '../../../src/postgres/keeper/hints.ts';
import { remediationOf } from '../../../src/postgres/ledger.ts';
import { verifyTrail } from '../../../src/postgres/verify.ts';
import type { Registration } from '../../../src/remediation/commit.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';
import { HOUR } from '../../builders/request.ts';
import { eventually } from '../../support/eventually.ts';
import { aFoundRequest, anEndedRequest, look, toldOf, useKeeping } from './keeping.ts';

const inHours = (hours: number): string => toRfc3339(Date.now() + hours * HOUR);
const timeOf = (text: unknown): number => (typeof text === 'string' ? Date.parse(text) : NaN);
const END = [
  'lifecycle.started started',
  'lifecycle.created created',
  'lifecycle.transitioned transitioned',
  'lifecycle.completed completed',
];

describe('the keeper, looking after ended requests', function () {
  this.timeout(60_000);
  const keeping = useKeeping();
  const keep = () => keeping().keep('lookAfterEnded');
  const hint = (of: Registration) => noteHint(keeping().pool, of.uid);
  const told = (of: Registration) => toldOf(keeping(), of);
  const versionOf = async (name: string) => (await look(keeping(), name))?.metadata.resourceVersion;
  const phaseOf = async (name: string) => (await look(keeping(), name))?.status?.['overallPhase'];
  const overwrite = async (of: Registration, status: unknown): Promise<void> => {
    await keeping().others.patchStatus('RemediationRequest', of.name, status);
    await hint(of);
  };
  const assertSound = async (of: Registration): Promise<void> => {
    assert.deepEqual((await verifyTrail(keeping().pool, of.uid)).findings, []);
  };

  it('E-115: leaves one alone whose retention is not over, and reads it no more than once', async () => {
    const of = await anEndedRequest(keeping(), 'rr-idle', { expiry: inHours(2) });
    const before = await versionOf('rr-idle');
    await keep();
    const { done } = await keep();
    assert.equal(done, 0);
    assert.equal(await versionOf('rr-idle'), before);
    assert.deepEqual(await told(of), END);
  });

  it('E-114, F-18: deletes one whose retention is over, tells it before and once, and adds no second end', async () => {
    const of = await anEndedRequest(keeping(), 'rr-old', { expiry: inHours(-1) });
    await keep();
    assert.equal(await look(keeping(), 'rr-old'), undefined);
    assert.deepEqual(await told(of), [...END, 'lifecycle.deleted retention_cleanup']);
    assert.ok((await remediationOf(keeping().pool, { uid: of.uid }))?.deletedAt);
    await hint(of);
    await keep();
    assert.equal((await told(of)).length, END.length + 1);
    await assertSound(of);
  });

  it('L45: deletes on the next pass what a keeper recorded and could not delete', async () => {
    const of = await anEndedRequest(keeping(), 'rr-refused', { expiry: inHours(-1) });
    const { client } = keeping();
    const refusing = { ...client, delete: () => Promise.reject(new Error('not today')) };
    assert.equal((await keeping().another({ kubernetes: refusing })('lookAfterEnded')).failed, 1);
    assert.ok(await look(keeping(), 'rr-refused'));
    assert.equal((await remediationOf(keeping().pool, { uid: of.uid }))?.deletedAt, undefined);
    await hint(of);
    await keep();
    assert.equal(await look(keeping(), 'rr-refused'), undefined);
    assert.deepEqual(await told(of), [...END, 'lifecycle.deleted retention_cleanup']);
  });

  it('E-113: follows a person who moves the end of the retention, ahead or back', async () => {
    const of = await anEndedRequest(keeping(), 'rr-moved', { expiry: inHours(-1) });
    await overwrite(of, { retentionExpiryTime: inHours(72) });
    await keep();
    assert.ok(await look(keeping(), 'rr-moved'));
    await overwrite(of, { retentionExpiryTime: inHours(-2) });
    await keep();
    assert.equal(await look(keeping(), 'rr-moved'), undefined);
    await assertSound(of);
  });

  it('keeps one that a legal hold names, until it is released', async () => {
    const of = await anEndedRequest(keeping(), 'rr-held', { expiry: inHours(-1) });
    const { pool } = keeping();
    await pool.query(
      `insert into audit_legal_holds (correlation_id, reason, placed_by) values ('rr-held', 'a case', 'ada')`,
    );
    await keep();
    assert.ok(await look(keeping(), 'rr-held'));
    await pool.query(`update audit_legal_holds set released_by = 'ada', released_at = now(), release_reason = 'over'`);
    await hint(of);
    await keep();
    assert.equal(await look(keeping(), 'rr-held'), undefined);
  });

  it('E-112: gives one that has no time to go such a time, with one write', async () => {
    const of = await anEndedRequest(keeping(), 'rr-timeless');
    await keep();
    const status = (await look(keeping(), 'rr-timeless'))?.status ?? {};
    const kept = timeOf(status['retentionExpiryTime']) - timeOf(status['completedAt']);
    assert.equal(kept, 24 * HOUR);
    const written = await versionOf('rr-timeless');
    await hint(of);
    await keep();
    assert.equal(await versionOf('rr-timeless'), written);
    assert.deepEqual(await told(of), [...END, 'status.updated status_updated RetentionExpiryStamped']);
    await assertSound(of);
  });

  it('L46: records once that the object of an ended request is gone', async () => {
    const of = await anEndedRequest(keeping(), 'rr-gone', { expiry: inHours(2) });
    await keeping().client.delete('RemediationRequest', keeping().namespace, 'rr-gone', of.uid);
    await hint(of);
    await keep();
    await hint(of);
    await keep();
    assert.deepEqual(await told(of), [...END, 'lifecycle.deleted deleted']);
    await assertSound(of);
  });

  it('G-31: takes another object of the name for the deletion of its own, and leaves it alone', async () => {
    const of = await anEndedRequest(keeping(), 'rr-again', { expiry: inHours(-1) });
    await keeping().client.delete('RemediationRequest', keeping().namespace, 'rr-again', of.uid);
    const other = await anEndedRequest(keeping(), 'rr-again', { expiry: inHours(2) });
    await keep();
    assert.equal((await look(keeping(), 'rr-again'))?.metadata.uid, other.uid);
    assert.equal((await told(of)).at(-1), 'lifecycle.deleted deleted');
  });

  it('E-146: puts a foreign phase back, with one write and a Warning Event each, at most three times an hour', async () => {
    const of = await anEndedRequest(keeping(), 'rr-fought', { expiry: inHours(2) });
    for (const phase of ['Pending', 'Processing', 'Executing']) {
      await overwrite(of, { overallPhase: phase });
      await keep();
      assert.equal(await phaseOf('rr-fought'), 'Cancelled');
      await hint(of);
      await keep();
    }
    await overwrite(of, { overallPhase: 'Analyzing' });
    await keep();
    assert.equal(await phaseOf('rr-fought'), 'Analyzing', 'the fourth is left');
    const restored = 'status.updated status_updated PhaseRestored';
    assert.deepEqual(await told(of), [...END, restored, restored, restored]);
    await assertSound(of);
    await eventually(async () => {
      const { items } = (await keeping().client.getPath(
        `/api/v1/namespaces/${keeping().namespace}/events`,
      )) as unknown as {
        readonly items: readonly { readonly type: string; readonly reason: string; readonly message: string }[];
      };
      const warnings = items.filter(({ reason, type }) => reason === 'ForeignPhaseRestored' && type === 'Warning');
      assert.equal(warnings.length, 4);
      assert.ok(warnings.some(({ message }) => message.includes('stays')));
    });
  });

  it('TI-2: puts back a phase that somebody removed', async () => {
    const of = await anEndedRequest(keeping(), 'rr-emptied', { expiry: inHours(2) });
    await overwrite(of, { overallPhase: null });
    await keep();
    assert.equal(await phaseOf('rr-emptied'), 'Cancelled');
  });

  it('E-167: writes the condition Ready again that somebody removed, and leaves those of others', async () => {
    const of = await anEndedRequest(keeping(), 'rr-unready', { expiry: inHours(2) });
    const theirs = { type: 'Theirs', status: 'True', reason: 'Fine', message: '', lastTransitionTime: inHours(0) };
    await overwrite(of, { conditions: [theirs] });
    await keep();
    const conditions = (await look(keeping(), 'rr-unready'))?.status?.['conditions'] as readonly {
      readonly type: string;
    }[];
    assert.deepEqual(conditions.map(({ type }) => type).sort(), ['Ready', 'Theirs']);
  });

  it('two keepers at once do what one does', async () => {
    const names = ['rr-two-a', 'rr-two-b', 'rr-two-c'] as const;
    const [old, fought, timeless] = [
      await anEndedRequest(keeping(), names[0], { expiry: inHours(-1) }),
      await anEndedRequest(keeping(), names[1], { expiry: inHours(2) }),
      await anEndedRequest(keeping(), names[2]),
    ];
    await overwrite(fought, { overallPhase: 'Pending' });
    await Promise.all([keep(), keeping().another()('lookAfterEnded'), keeping().another()('lookAfterEnded')]);
    assert.equal(await look(keeping(), names[0]), undefined);
    assert.deepEqual(await told(old), [...END, 'lifecycle.deleted retention_cleanup']);
    assert.equal(await phaseOf(names[1]), 'Cancelled');
    assert.deepEqual(await told(fought), [...END, 'status.updated status_updated PhaseRestored']);
    assert.deepEqual(await told(timeless), [...END, 'status.updated status_updated RetentionExpiryStamped']);
    for (const of of [old, fought, timeless]) await assertSound(of);
  });

  describe('that another orchestrator has ended', () => {
    it('G-32: makes one note of it and writes nothing', async () => {
      const status = { overallPhase: 'Completed', completedAt: inHours(-1), retentionExpiryTime: inHours(5) };
      const of = await aFoundRequest(keeping(), 'rr-found', { ...status, completionStatus: { outcome: 'Remediated' } });
      const before = await versionOf('rr-found');
      await keep();
      await hint(of);
      await keep();
      assert.equal(await versionOf('rr-found'), before);
      assert.deepEqual(await told(of), ['lifecycle.adopted adopted']);
      await assertSound(of);
    });

    it('keeps and deletes it like its own', async () => {
      const of = await aFoundRequest(keeping(), 'rr-found-timeless', {
        overallPhase: 'Failed',
        completedAt: inHours(-23),
      });
      await keep();
      const expiry = (await look(keeping(), 'rr-found-timeless'))?.status?.['retentionExpiryTime'];
      assert.equal(Math.round((timeOf(expiry) - Date.now()) / HOUR), 1);
      await overwrite(of, { retentionExpiryTime: inHours(-1) });
      await keep();
      assert.equal(await look(keeping(), 'rr-found-timeless'), undefined);
      assert.deepEqual(await told(of), [
        'lifecycle.adopted adopted',
        'status.updated status_updated RetentionExpiryStamped',
        'lifecycle.deleted retention_cleanup',
      ]);
      await assertSound(of);
    });

    it('deletes without a note what has ended longer ago than anything is kept', async () => {
      const of = await aFoundRequest(keeping(), 'rr-found-old', {
        overallPhase: 'TimedOut',
        completedAt: inHours(-48),
      });
      await keep();
      assert.equal(await look(keeping(), 'rr-found-old'), undefined);
      assert.deepEqual(await told(of), ['lifecycle.deleted retention_cleanup']);
      await assertSound(of);
    });
  });
});
