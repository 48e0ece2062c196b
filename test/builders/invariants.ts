/** What must hold in every world at every moment: path, trail, status, children. */
import assert from 'node:assert/strict';
import { checkTrailRules } from '../../src/postgres/trail-rules.ts';
import { withoutEmpty } from '../../src/postgres/fold.ts';
import { jsonObject } from '../../src/remediation/readers.ts';
import { INPUT_FIELDS, isEnded } from '../../src/remediation/snapshots.ts';
import type { Json, JsonObject } from '../../src/remediation/json.ts';
import { mergePatch } from '../../src/remediation/json.ts';
import { FIELD_MANAGER } from '../../src/remediation/names.ts';
import { isPhase, isTerminal, ROWS } from '../../src/remediation/phases.ts';
import type { Row } from '../../src/remediation/phases.ts';
import { OWN_CONDITIONS } from '../../src/remediation/status.ts';
import type { Remediation } from '../../src/remediation/state.ts';
import { childrenIn } from './world.ts';
import type { World } from './world.ts';

const OWN = new Set<string>(OWN_CONDITIONS);

/** Fails with what is wrong in this world; `end` is what the run returned. */
export function checkInvariants(world: World, end?: Remediation): void {
  const { ledger, cluster } = world;
  assert.deepEqual(checkTrailRules(ledger.trail()), [], 'the trail breaks its rules');
  assert.deepEqual(
    ledger.commits.map(({ step }) => step),
    ledger.commits.map((_, i) => i + 1),
    'steps are numbered without a gap',
  );
  for (const [from, to] of pathOf(world)) assert.ok(isLegal(from, to), `${from} to ${to} is no way of the table`);
  const status = world.status();
  // Limits that were edited too late to be recorded are nobody's any more.
  const last = cluster.writes.findLast(({ kind }) => kind === 'RemediationRequest');
  const isLate = end?.edits.some(({ field }) => field === 'timeoutConfig') === true || last?.manager !== FIELD_MANAGER;
  // After the end the keeper answers to others, not the run.
  const isOver = last?.manager !== FIELD_MANAGER && hasEnded(world);
  const compared = (told: JsonObject): JsonObject =>
    comparable({ ...told, ...(isLate ? { timeoutConfig: {} } : {}), ...(isOver ? { overallPhase: '' } : {}) });
  if (status !== undefined) assert.deepEqual(compared(status), compared(ledger.fold()));
  const writes = cluster.writes.filter(
    (write) => write.kind === 'RemediationRequest' && write.manager === FIELD_MANAGER,
  );
  const commits = ledger.commits.filter(({ write }) => write !== undefined);
  const most = commits.length + world.restarts();
  assert.ok(writes.length <= most, `${String(writes.length)} writes for ${String(commits.length)} commits`);
  if (hasEnded(world)) checkEnd(world, isOver);
}

/** The phases that the product wrote into the status, each once, as pairs. */
function pathOf({ cluster }: World): readonly (readonly [string, string])[] {
  const seen = cluster.writes
    .filter(({ kind, manager }) => kind === 'RemediationRequest' && manager === FIELD_MANAGER)
    .map(({ status }) => status['overallPhase'])
    .filter((phase): phase is string => typeof phase === 'string');
  const path = seen.filter((phase, i) => phase !== seen[i - 1]);
  return path.slice(1).map((to, i) => [path[i] ?? '', to] as const);
}

const isLegal = (from: string, to: string): boolean =>
  Object.values<Row>(ROWS).some(
    (row) => row.from.some((phase) => phase === from) && row.to.some((phase) => phase === to),
  );

/** Whether the last recorded step ended the remediation. */
export const hasEnded = ({ ledger }: World): boolean => {
  const phase = ledger.commits.at(-1)?.ledger.phase;
  return phase !== undefined && isTerminal(phase);
};

/** After the end nothing of it runs any more, and the status says how it ended. */
function checkEnd(world: World, isSpoiled: boolean): void {
  const status = world.status();
  if (status === undefined) return;
  const uid = world.cluster.all('RemediationRequest')[0]?.metadata.uid;
  const running = childrenIn(world).filter(
    (child) =>
      ['SignalProcessing', 'AIAnalysis', 'WorkflowExecution'].includes(child.kind) &&
      child.ownerUid === uid &&
      !isEnded(child),
  );
  assert.deepEqual(
    running.map(({ kind, name }) => `${kind} ${name}`),
    [],
    'children that still run',
  );
  const asking = childrenIn(world).filter(
    (child) => child.kind === 'RemediationApprovalRequest' && (child.status.decision ?? '') === '',
  );
  assert.deepEqual(
    asking.map(({ name }) => name),
    [],
    'approval requests that still ask',
  );
  const { overallPhase, completedAt, retentionExpiryTime, message } = status;
  const shown = typeof overallPhase === 'string' ? overallPhase : '';
  assert.ok(isSpoiled || (isPhase(shown) && isTerminal(shown)), `the status shows "${shown}"`);
  assert.ok(completedAt !== undefined && retentionExpiryTime !== undefined, 'the status says when it ended');
  assert.ok(message !== undefined && message !== '', 'the status says what happened');
}

/** The part of a status that the trail tells: not what others own, and not what they may edit without a trace. */
function comparable(status: JsonObject): JsonObject {
  const { conditions, deduplication: _, operatorAudit: _audit, ...rest } = status;
  const edited = INPUT_FIELDS.filter((field) => field !== 'overallPhase' && field !== 'timeoutConfig');
  const own = edited.reduce((at, field) => mergePatch(at, removal(field)), rest);
  return withoutEmpty({ ...own, conditions: ownConditions(conditions) });
}

const removal = (path: string): JsonObject => {
  const [first = '', ...rest] = path.split('.');
  return { [first]: rest.length === 0 ? null : removal(rest.join('.')) };
};

/** The API server has conditions as a list, the trail by their type. */
function ownConditions(conditions: Json | undefined): JsonObject {
  const byType = Array.isArray(conditions)
    ? Object.fromEntries(
        (conditions as readonly JsonObject[]).map(({ type, ...condition }) => [type as string, condition]),
      )
    : (jsonObject(conditions) ?? {});
  return Object.fromEntries(Object.entries(byType).filter(([type]) => OWN.has(type)));
}
