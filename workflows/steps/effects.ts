/** Effects that several steps ask for alike. */
import type { ChildOrder, OwnedKind } from '../../src/remediation/children.ts';
import { failuresInARow } from '../../src/remediation/history.ts';
import { nameOf } from '../../src/remediation/orders.ts';
import type { LivePhase } from '../../src/remediation/phases.ts';
import type { ChildSnapshot } from '../../src/remediation/snapshots.ts';
import type { Remediation, RemediationIn } from '../../src/remediation/state.ts';
import type { FailurePhase } from '../../src/remediation/status.ts';
import { parseTime } from '../../src/remediation/time.ts';
import { misconfigured } from '../../src/remediation/transitions/interrupted.ts';
import type { Ensured, FailureCount } from '../../src/remediation/transitions/shared.ts';
import type { Ports } from '../ports.ts';
import { closeRunning } from './closing.ts';
import { again, go } from './step.ts';
import type { Taken } from './step.ts';

const WORD: { readonly [K in OwnedKind]: FailurePhase } = {
  SignalProcessing: 'SignalProcessing',
  AIAnalysis: 'AIAnalysis',
  RemediationApprovalRequest: 'Approval',
  WorkflowExecution: 'WorkflowExecution',
  EffectivenessAssessment: 'Configuration',
};

/** The remediation with this child as it is now. */
export const withChild = <R extends Remediation>(r: R, child: ChildSnapshot<OwnedKind>): R => ({
  ...r,
  children: { ...r.children, [child.kind]: child },
});

type Made<K extends OwnedKind, R> =
  | { readonly made: true; readonly remediation: R; readonly ensured: Ensured<K> }
  | { readonly made: false; readonly taken: Taken<'L42'> };

/** Makes sure of a child. When it cannot be made, the remediation fails, unless its object is gone. */
export async function ensure<K extends OwnedKind, R extends RemediationIn<LivePhase>>(
  kind: K,
  r: R,
  order: ChildOrder,
  ports: Ports,
): Promise<Made<K, R>> {
  const answer = await ports.ensureChild(order);
  switch (answer.kind) {
    case 'created':
    case 'found': {
      const child = answer.child as ChildSnapshot<K>;
      return {
        made: true,
        remediation: withChild(r, child),
        ensured: { child, wasCreated: answer.kind === 'created' },
      };
    }
    case 'owner-gone':
      return { made: false, taken: again({ ...r, observed: { ...r.observed, gone: true } }) };
    case 'foreign':
      return {
        made: false,
        taken: await fail(r, { phase: 'Configuration', code: 'ERR_K8S_ALREADY_EXISTS', reason: answer.message }, ports),
      };
    case 'invalid':
      return {
        made: false,
        taken: await fail(r, { phase: WORD[kind], code: 'ERR_INVALID_CONFIG', reason: answer.message }, ports),
      };
  }
}

async function fail(
  r: RemediationIn<LivePhase>,
  cause: Parameters<typeof misconfigured>[1],
  ports: Ports,
): Promise<Taken<'L42'>> {
  const closed = await closeRunning(r, 'Failed', ports);
  const failures = await countFailures(r, ports);
  return go(closed.remediation, misconfigured(r, cause, closed.closed, failures, ports.now()));
}

/** Failures in a row of this signal, the one that is about to be recorded included. */
export async function countFailures(r: Remediation, ports: Ports): Promise<FailureCount> {
  const { spec, namespace, name, uid, creationTimestamp } = r.request;
  const history =
    spec.signalFingerprint === ''
      ? []
      : await ports.readHistory({
          namespace,
          name,
          uid,
          fingerprint: spec.signalFingerprint,
          targetNamespace: spec.targetResource.namespace ?? '',
          createdAt: parseTime(creationTimestamp) ?? 0,
          since: ports.now() - r.settings.retentionPeriod,
        });
  return { count: failuresInARow(history) + 1, random: ports.random() };
}

/** Reads one child of this remediation directly. */
export const read = (kind: OwnedKind, r: Remediation, ports: Ports) =>
  ports.readChild({ kind, namespace: r.request.namespace, name: nameOf(kind, r), ownerUid: r.request.uid });
