/** Closing what still runs for a remediation that ends. */
import type { OwnedKind } from '../../src/remediation/children.ts';
import { expiredStatus, expiryRecorded } from '../../src/remediation/approval.ts';
import { closedStatus, openApproval, runningChildren } from '../../src/remediation/closing.ts';
import type { JsonObject } from '../../src/remediation/json.ts';
import { nameOf } from '../../src/remediation/orders.ts';
import type { LivePhase } from '../../src/remediation/phases.ts';
import { isEnded } from '../../src/remediation/snapshots.ts';
import type { AnyChildSnapshot, ChildSnapshot } from '../../src/remediation/snapshots.ts';
import type { Remediation, RemediationIn } from '../../src/remediation/state.ts';
import type { TouchedChild } from '../../src/remediation/transition.ts';
import { OBSTACLE_PAUSE_MS, REFUSED_WRITE_PATIENCE_MS } from '../options.ts';
import type { Ports } from '../ports.ts';

export interface Closed {
  readonly remediation: RemediationIn<LivePhase>;
  readonly closed: readonly TouchedChild[];
  /** Whether a child turned out to have ended by itself. */
  readonly hasNews: boolean;
}

/** The children that the present phase, or the one before a block, may have made without having been able to say so yet. */
const MAY_EXIST: { readonly [P in LivePhase]?: readonly OwnedKind[] } = {
  Pending: ['SignalProcessing'],
  Processing: ['AIAnalysis'],
  Analyzing: ['RemediationApprovalRequest', 'WorkflowExecution'],
  AwaitingApproval: ['WorkflowExecution'],
  Blocked: ['SignalProcessing', 'AIAnalysis', 'RemediationApprovalRequest', 'WorkflowExecution'],
};

type Write = { readonly child: ChildSnapshot<OwnedKind>; readonly status: JsonObject };
type Written =
  | { readonly kind: 'written' | 'absent' | 'given up'; readonly child: ChildSnapshot<OwnedKind> }
  | { readonly kind: 'settled'; readonly child: ChildSnapshot<OwnedKind> };

/** Puts a status on a child unless it settles itself first; a refusal is tried again for a while, then let be. */
export async function writeUnlessSettled(
  { child: start, status }: Write,
  isSettled: (child: ChildSnapshot<OwnedKind>) => boolean,
  ports: Ports,
  patienceMs = REFUSED_WRITE_PATIENCE_MS,
): Promise<Written> {
  const giveUpAt = ports.now() + patienceMs;
  for (let known = start; ;) {
    const { conditions, ...child } = known;
    const { kind, namespace, name, uid, resourceVersion, ownerUid = '' } = child;
    const answer = await ports.writeChildStatus({
      child: { kind, namespace, name, ownerUid },
      uid,
      resourceVersion,
      status,
      ...(conditions === undefined ? {} : { knownConditions: conditions }),
    });
    if (answer.kind === 'written')
      return { kind: 'written', child: { ...child, resourceVersion: answer.resourceVersion } };
    if (answer.kind === 'absent') return { kind: 'absent', child: { ...child, gone: true } };
    if (answer.kind === 'newer') {
      known = answer.child;
      if (isSettled(known)) return { kind: 'settled', child: known };
      continue;
    }
    if (ports.now() >= giveUpAt) return { kind: 'given up', child: known };
    await ports.pause(OBSTACLE_PAUSE_MS, `writing the status of ${kind} ${name} is forbidden: ${answer.message}`);
  }
}

/** Closes every child that still runs, one that no commit has named yet included. */
export async function closeRunning(r: RemediationIn<LivePhase>, phase: string, ports: Ports): Promise<Closed> {
  let remediation = await withUnnamed(r, ports);
  const closed: TouchedChild[] = [];
  let hasNews = false;
  for (const child of runningChildren(remediation)) {
    const write = { child, status: closedStatus(child.kind, phase, ports.now()) };
    const written = await writeUnlessSettled(write, (now) => isEnded(now as AnyChildSnapshot), ports);
    remediation = { ...remediation, children: { ...remediation.children, [child.kind]: written.child } };
    if (written.kind === 'settled') hasNews = true;
    if (written.kind === 'written')
      closed.push({ kind: child.kind, name: child.name, uid: child.uid, action: 'cascaded' });
  }
  return { remediation, closed, hasNews };
}

async function withUnnamed(r: RemediationIn<LivePhase>, ports: Ports): Promise<RemediationIn<LivePhase>> {
  let known = r;
  for (const kind of MAY_EXIST[r.state.phase] ?? []) {
    if (known.children[kind] !== undefined) continue;
    const key = { kind, namespace: r.request.namespace, name: nameOf(kind, r), ownerUid: r.request.uid };
    const reading = await ports.readChild(key);
    if (reading.kind === 'found') known = { ...known, children: { ...known.children, [kind]: reading.child } };
  }
  return known;
}

/** Expires the open approval request; a decision that is found on it instead is news. */
export async function expireApproval(r: RemediationIn<LivePhase>, reason: string, ports: Ports): Promise<Closed> {
  const rar = openApproval(r);
  if (rar === undefined) return { remediation: r, closed: [], hasNews: false };
  const isDecided = (child: ChildSnapshot<OwnedKind>) => 'decision' in child.status && Boolean(child.status.decision);
  const written = await writeUnlessSettled(
    { child: rar, status: expiredStatus(reason, ports.now()) },
    isDecided,
    ports,
  );
  const remediation = {
    ...r,
    children: { ...r.children, RemediationApprovalRequest: written.child },
  } as RemediationIn<LivePhase>;
  const { kind, name, uid } = rar;
  return {
    remediation,
    closed: written.kind === 'written' ? [{ kind, name, uid, action: 'cascaded' }] : [],
    hasNews: written.kind === 'settled',
  };
}

/** Notes on an expired approval request that its end is in the trail. */
export async function noteExpiryRecorded(r: Remediation, ports: Ports): Promise<Remediation> {
  const rar = r.children.RemediationApprovalRequest;
  if (rar === undefined || rar.gone === true) return r;
  await writeUnlessSettled({ child: rar, status: expiryRecorded(ports.now()) }, () => false, ports, 0);
  return r;
}
