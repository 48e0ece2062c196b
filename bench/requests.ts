/** The RemediationRequests of a bench run: created, followed to their end, approved where they ask. */
import { createHash } from 'node:crypto';
import type { KubernetesClient, KubernetesObject } from '../src/kubernetes/client.ts';
import { startReflector } from '../src/kubernetes/reflector.ts';
import type { Status } from '../src/remediation/status.ts';

/** One remediation as seen from outside. */
export interface Followed {
  readonly uid: string;
  readonly name: string;
  readonly createdAt: number;
  endedAt?: number;
  phase?: string;
}

export interface Follower {
  readonly seen: ReadonlyMap<string, Followed>;
  /** Creates a request; `needsApproval` makes the simulated analysis ask for one. */
  create(name: string, needsApproval: boolean): Promise<void>;
  /** Resolves when every created request has ended; rejects after the limit with those that have not. */
  settled(limitMs: number): Promise<void>;
  stop(): Promise<void>;
}

const ENDS = new Set(['Completed', 'Failed', 'TimedOut', 'Cancelled']);

/** Follows all requests of the namespace. Approvals are given as soon as they are asked for. */
export function follow(client: KubernetesClient, namespace: string): Follower {
  const seen = new Map<string, Followed>();
  const waiting = new Set<() => void>();

  const requests = startReflector({
    client,
    kind: 'RemediationRequest',
    namespace,
    keep: ({ metadata, status }: KubernetesObject) => ({
      name: metadata.name,
      phase: (status as Status | undefined)?.overallPhase ?? '',
    }),
    handle: ({ object: { name, phase } }) => {
      const followed = seen.get(name);
      if (followed === undefined) return;
      followed.phase = phase;
      if (!ENDS.has(phase) || followed.endedAt !== undefined) return;
      followed.endedAt = performance.now();
      for (const look of waiting) look();
    },
  });

  const approvals = startReflector({
    client,
    kind: 'RemediationApprovalRequest',
    namespace,
    keep: ({ metadata, status }: KubernetesObject) => ({
      name: metadata.name,
      isAsking: status?.['createdAt'] !== undefined && !status['decision'],
    }),
    handle: async ({ type, object: { name, isAsking } }) => {
      if (type === 'deleted' || !isAsking) return;
      const status = { decision: 'Approved', decidedBy: 'bench@example.com' };
      await client.mergePatchStatus('RemediationApprovalRequest', namespace, name, { status });
    },
  });

  const open = (): readonly Followed[] => [...seen.values()].filter(({ endedAt }) => endedAt === undefined);

  return {
    seen,
    async create(name, needsApproval) {
      const createdAt = performance.now();
      const followed: Followed = { uid: '', name, createdAt };
      seen.set(name, followed);
      const { metadata } = await client.create('RemediationRequest', namespace, requestOf(name, needsApproval));
      seen.set(name, Object.assign(followed, { uid: metadata.uid }));
    },
    settled(limitMs) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          if (open().length > 0) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve();
        };
        const timer = setTimeout(() => {
          waiting.delete(look);
          const list = open().map(({ name, phase = 'not seen' }) => `${name} (${phase})`);
          reject(
            new Error(
              `${String(list.length)} requests have not ended in ${String(limitMs / 1000)} s: ${list.slice(0, 5).join(', ')}`,
            ),
          );
        }, limitMs);
        waiting.add(look);
        look();
      });
    },
    async stop() {
      await Promise.all([requests.stop(), approvals.stop()]);
    },
  };
}

/** A request with a fingerprint and a target of its own, so that none waits for another. */
function requestOf(name: string, needsApproval: boolean) {
  const fingerprint = createHash('sha256').update(name).digest('hex');
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  return {
    metadata: { name },
    spec: {
      signalFingerprint: fingerprint,
      signalName: 'HighMemory',
      severity: 'warning',
      signalType: 'alert',
      targetType: 'kubernetes',
      targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name, namespace: 'shop' },
      firingTime: now,
      receivedTime: now,
      signalLabels: { environment: needsApproval ? 'production' : 'staging' },
    },
  };
}
