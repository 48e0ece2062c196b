import assert from 'node:assert/strict';
import { commitTransaction } from '../../../src/postgres/commit-transaction.ts';
import { sideEventId } from '../../../src/postgres/event-ids.ts';
import { register, remediationOf } from '../../../src/postgres/ledger.ts';
import { recordSideEvent, trailOf } from '../../../src/postgres/trail.ts';
import { verifyTrail } from '../../../src/postgres/verify.ts';
import type { AuditEvent, EventType } from '../../../src/remediation/audit.ts';
import type { Registration } from '../../../src/remediation/commit.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { anEvent, aRegistration, AT, begin, directPath, writer } from '../../unit/postgres/commits.ts';
import { usePool } from './pool.ts';

describe('the trail', () => {
  const pool = usePool();
  const commitAll = async (of: Registration): Promise<void> => {
    for (const commit of directPath(of)) await commitTransaction(pool(), commit, writer);
  };
  /** An event outside of steps: without their number. */
  function anAside(of: Registration, type: EventType, data: JsonObject = {}): AuditEvent {
    const event = anEvent(of, 0, type, data);
    return { ...event, data: { ...event.data, step_no: null } };
  }
  const record = (of: Registration, name: string, event: AuditEvent, at = AT) =>
    recordSideEvent(pool(), { id: sideEventId(of.uid, name), subject: of, event, at }, writer);

  it('is read in the order of its chain, by uid or by name', async () => {
    const of = aRegistration();
    await commitAll(of);
    const byUid = await trailOf(pool(), { uid: of.uid });
    assert.deepEqual(
      byUid.map((event) => [event.chain_seq, event.step_no, event.step_ordinal]),
      [
        [1, 1, 0],
        [2, 1, 1],
        [3, 2, 0],
        [4, 3, 0],
        [5, 4, 0],
        [6, 5, 0],
        [7, 6, 0],
        [8, 6, 1],
      ],
    );
    assert.deepEqual(await trailOf(pool(), { namespace: of.namespace, name: of.name }), byUid);
    assert.deepEqual(await trailOf(pool(), { namespace: of.namespace, name: 'unknown' }), []);
  });

  it('takes a refused attempt once, however often and when it is told', async () => {
    const of = aRegistration();
    await commitTransaction(pool(), begin(of), writer);
    const refused = anAside(of, 'orchestrator.approval.refused', { refusal_code: 'NotAllowed' });
    const answers = await Promise.all(
      [0, 1, 2].map((day) => record(of, 'update-1/NotAllowed', refused, AT + day * 86_400_000)),
    );
    assert.deepEqual(answers.sort(), ['already-there', 'already-there', 'recorded']);
    const [, , aside] = await trailOf(pool(), { uid: of.uid });
    assert.deepEqual([aside?.event_type, aside?.step_no], ['orchestrator.approval.refused', undefined]);
    assert.ok((await verifyTrail(pool(), of.uid)).ok);
  });

  it('stays one chain while steps and side events come at the same time', async () => {
    const of = aRegistration();
    const asides = Array.from({ length: 20 }, (_, i) =>
      record(of, `update-${String(i)}/NotAllowed`, anAside(of, 'orchestrator.approval.refused')),
    );
    await Promise.all([commitAll(of), ...asides]);
    assert.equal((await trailOf(pool(), { uid: of.uid })).length, 28);
    const { findings } = await verifyTrail(pool(), of.uid);
    assert.deepEqual(
      findings.filter(({ code }) => code !== 'TRAIL_RULE_BROKEN'),
      [],
    );
  });

  it('tells the deletion of a request that ended long ago, and the ledger knows of it', async () => {
    const of = aRegistration({ phase: 'Completed', terminalAt: AT });
    await register(pool(), [of]);
    const deleted = anAside(of, 'orchestrator.lifecycle.deleted', {
      phase_at_deletion: 'Completed',
      deleted_uid: of.uid,
    });
    assert.equal(await record(of, 'side/orchestrator.lifecycle.deleted', deleted, AT + 5000), 'recorded');
    assert.equal((await remediationOf(pool(), { uid: of.uid }))?.deletedAt?.getTime(), AT + 5000);
    assert.deepEqual((await verifyTrail(pool(), of.uid)).findings, []);
  });

  it('begins with the adoption of a request that had ended before it was seen', async () => {
    const of = aRegistration({ phase: 'Completed', outcome: 'Remediated', terminalAt: AT });
    const snapshot = { overallPhase: 'Completed', completionStatus: { outcome: 'Remediated' } };
    const adopted = anAside(of, 'orchestrator.lifecycle.adopted', {
      phase_found: 'Completed',
      status_snapshot: snapshot,
    });
    assert.equal(await record(of, 'side/orchestrator.lifecycle.adopted', adopted), 'recorded');
    const { findings, fold } = await verifyTrail(pool(), of.uid);
    assert.deepEqual(findings, []);
    assert.deepEqual(fold, snapshot);
  });
});
