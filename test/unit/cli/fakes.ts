import type { Io } from '../../../src/cli/command.ts';
import assert from 'node:assert/strict';
import { auditDesk } from '../../../src/cli/audit-desk.ts';
import type { Dependencies, RefusedAttempt } from '../../../src/cli/ports.ts';
import type { KubernetesObject } from '../../../src/kubernetes/client.ts';
import type { Kind } from '../../../src/kubernetes/kinds.ts';
import type { TrailEvent } from '../../../src/postgres/event-row.ts';
import type { RemediationRow } from '../../../src/postgres/ledger.ts';
import type { RoutingStanding } from '../../../src/postgres/routing/standing.ts';
import type { Verification } from '../../../src/postgres/verify.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import type { RemediationView } from '../../../src/remediation/view.ts';
import type { UpdateAnswer } from '../../../src/temporal/starter.ts';
import type { CancelRequest, DecideRequest, UnblockRequest, Verdict } from '../../../workflows/messages.ts';

export const NOW = Date.parse('2026-11-24T10:05:00Z');
export const UID = '11111111-2222-4333-8444-555555555555';
export const RAR_UID = '99999999-2222-4333-8444-555555555555';

/** An Io that keeps what is written. */
export function recordingIo(json = false) {
  const out: string[] = [];
  const err: string[] = [];
  const io: Io = { json, out: (text) => out.push(text), err: (text) => err.push(text), now: () => NOW };
  return {
    io,
    text: () => out.join('\n'),
    notes: () => err.join('\n'),
    parsed: () => JSON.parse(out.join('\n')) as Record<string, unknown>,
  };
}

/** An object of the namespace `ro`. */
export const anObject = (
  kind: Kind,
  name: string,
  parts: { readonly uid?: string; readonly spec?: JsonObject; readonly status?: JsonObject } = {},
): KubernetesObject => ({
  kind,
  metadata: {
    name,
    namespace: 'ro',
    uid: parts.uid ?? UID,
    resourceVersion: '7',
    creationTimestamp: '2026-11-24T10:00:00Z',
  },
  spec: parts.spec ?? {},
  status: parts.status ?? {},
});

/** A request with this status. */
export const aRequest = (status: JsonObject = {}, name = 'rr-a'): KubernetesObject =>
  anObject('RemediationRequest', name, {
    spec: { signalFingerprint: 'f'.repeat(64), signalName: 'HighMemory', targetResource: { kind: 'Pod', name: 'p' } },
    status,
  });

export const aRow: RemediationRow = {
  uid: UID,
  namespace: 'ro',
  name: 'rr-a',
  phase: 'Processing',
  step: 2,
  updatedAt: new Date(NOW),
  workflowId: `rr-${UID}`,
  generation: 1,
  outcome: undefined,
  failurePhase: undefined,
  failureReason: undefined,
  timeoutPhase: undefined,
  createdAt: new Date(NOW),
  terminalAt: undefined,
  deletedAt: undefined,
  statusFold: {},
};

export interface World {
  readonly objects?: readonly KubernetesObject[];
  readonly caller?: string;
  readonly rows?: readonly RemediationRow[];
  readonly trail?: readonly TrailEvent[];
  readonly verification?: () => Verification;
  readonly view?: () => Promise<RemediationView | undefined>;
  readonly decide?: (request: DecideRequest, updateId: string) => UpdateAnswer<Verdict>;
  readonly cancel?: (request: CancelRequest) => UpdateAnswer<{ readonly phase: string }>;
  readonly unblock?: (request: UnblockRequest) => UpdateAnswer<{ readonly lifted: string }>;
  readonly routing?: RoutingStanding;
  readonly recordRefusal?: (attempt: RefusedAttempt) => Promise<void>;
}

/** Dependencies over plain values. */
export function fakeDependencies(world: World = {}): Dependencies {
  const { objects = [], rows = [aRow] } = world;
  // Filtered at each call: a test may change what is there.
  const ofKind = (kind: Kind) => objects.filter((object) => object.kind === kind);
  return {
    namespace: () => 'ro',
    cluster: {
      get: (kind, _, name) => Promise.resolve(ofKind(kind).find((object) => object.metadata.name === name)),
      list: (kind) => Promise.resolve(ofKind(kind)),
      whoAmI: () => Promise.resolve(world.caller ?? 'ada'),
    },
    store: {
      address: 'postgres://ro@db/kubernaut',
      remediation: (key) =>
        Promise.resolve(rows.find((row) => ('uid' in key ? row.uid === key.uid : row.name === key.name))),
      remediations: () => Promise.resolve(rows),
      trail: () => Promise.resolve(world.trail ?? []),
      routing: () => Promise.resolve(world.routing),
      verify: () =>
        Promise.resolve(
          world.verification?.() ?? { ok: true, findings: [], events: 3, fold: {}, head: { seq: 3, hash: 'x' } },
        ),
      recordRefusal: world.recordRefusal ?? (() => Promise.resolve()),
      migrate: () => Promise.resolve('migrated'),
    },
    workflows: {
      view: world.view ?? (() => Promise.resolve(undefined)),
      decide: (_, updateId, request) => Promise.resolve(world.decide?.(request, updateId) ?? { kind: 'no-workflow' }),
      cancel: (_, request) => Promise.resolve(world.cancel?.(request) ?? { kind: 'no-workflow' }),
      unblock: (_, request) => Promise.resolve(world.unblock?.(request) ?? { kind: 'no-workflow' }),
      prepare: () => Promise.resolve(),
      uiLink: () => undefined,
    },
    audit: auditDesk(() => assert.fail('No test here reads the audit store.')),
    up: () => Promise.resolve(0),
  };
}
