/** What must hold after every scenario, whatever happened in it: S1 to S8. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { KubernetesObject } from '../../../src/kubernetes/client.ts';
import type { Kind } from '../../../src/kubernetes/kinds.ts';
import { differences } from '../../../src/postgres/differences.ts';
import { remediationOf } from '../../../src/postgres/ledger.ts';
import { trailOf } from '../../../src/postgres/trail.ts';
import { verifyTrail } from '../../../src/postgres/verify.ts';
import { FIELD_MANAGER } from '../../../src/remediation/names.ts';
import { isPhase, isTerminal } from '../../../src/remediation/phases.ts';
import { describeRun } from '../../../src/temporal/starter.ts';
import { eventually } from '../../support/eventually.ts';
import type { Rig } from './rig.ts';

const ONE_OF_EACH: readonly Kind[] = [
  'SignalProcessing',
  'AIAnalysis',
  'RemediationApprovalRequest',
  'WorkflowExecution',
  'EffectivenessAssessment',
];

/** Fails with what is wrong with this request. `most` says how many status writes there may be beside those of steps. */
export async function standingChecks(rig: Rig, name: string, uid: string, most = 4): Promise<void> {
  const { client, pool, temporal, servers } = rig;
  const events = await trailOf(pool, { uid });
  const { findings, fold } = await verifyTrail(pool, uid);
  assert.deepEqual(findings, [], 'S1 S2 S3 S5: the trail');

  const row = (await remediationOf(pool, { uid })) ?? assert.fail('S4: the ledger has no row');
  assert.equal(row.phase, fold['overallPhase'], 'S4: the ledger');
  const hasEnded = isPhase(row.phase) && isTerminal(row.phase);

  const object = await client.get('RemediationRequest', servers.namespace, name);
  if (object !== undefined) {
    const status = await rig.status(name);
    assert.deepEqual(differences(fold, status), [], 'S1: the status');
    const steps = new Set(
      events
        .filter(({ event_type: type, event_data: data }) => data['status_delta'] !== undefined && !isEdit(type))
        .map(({ step_no }) => step_no),
    );
    await eventually(() => {
      const writes = statusWrites(rig, name);
      assert.ok(
        writes >= steps.size - 1 && writes <= steps.size + most,
        `S6: ${String(writes)} writes, ${String(steps.size)} steps`,
      );
    });
  }

  for (const kind of ONE_OF_EACH) {
    const { items } = await client.list(kind, servers.namespace);
    const own = items.filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid));
    assert.ok(own.length <= 1, `S7: ${String(own.length)} ${kind}`);
    for (const child of own) checkOwner(kind, child, uid);
    if (hasEnded && object !== undefined) for (const child of own) checkClosed(kind, child);
  }

  if (!hasEnded) return;
  await eventually(async () => {
    assert.notEqual((await describeRun(temporal, uid))?.status, 'RUNNING', 'S8: the workflow is over');
  });
  await eventually(async () => {
    const claims = await pool.query('select kind from claims where holder_uid = $1 and released_at is null', [uid]);
    assert.deepEqual(claims.rows, [], 'S8: claims');
  });
}

const isEdit = (type: string): boolean => type === 'orchestrator.timeouts.modified';

/** How often the product has written this status, as the API server counted it. */
function statusWrites({ servers }: Rig, name: string): number {
  const path = `/namespaces/${servers.namespace}/remediationrequests/${name}/status?`;
  const written = readFileSync(servers.auditLog, 'utf8')
    .split('\n')
    .filter((line) => line.includes(path) && line.includes(`fieldManager=${FIELD_MANAGER}`))
    .map((line) => JSON.parse(line) as { readonly verb: string; readonly responseStatus?: { readonly code: number } });
  return written.filter(({ verb, responseStatus }) => verb === 'patch' && responseStatus?.code === 200).length;
}

function checkOwner(kind: Kind, { metadata }: KubernetesObject, uid: string): void {
  const [owner, second] = metadata.ownerReferences ?? [];
  assert.equal(second, undefined, `S7: one owner of ${kind}`);
  const { kind: owning, uid: of, controller, blockOwnerDeletion } = owner ?? {};
  assert.deepEqual(
    [owning, of, controller, blockOwnerDeletion === true],
    ['RemediationRequest', uid, true, kind !== 'EffectivenessAssessment'],
    `S7: the owner of ${kind}`,
  );
}

function checkClosed(kind: Kind, { metadata, status }: KubernetesObject): void {
  if (kind === 'EffectivenessAssessment') return;
  const word = kind === 'RemediationApprovalRequest' ? status?.['decision'] : status?.['phase'];
  const ends = ['Completed', 'Failed', 'Approved', 'Rejected', 'Expired'];
  assert.ok(typeof word === 'string' && ends.includes(word), `S8: ${kind} ${metadata.name} is not closed`);
}
