/** An ended remediation whose phase somebody has overwritten: the end is put back, and people are told. */
import { fullMessage } from '../../src/errors.ts';
import { foreignPhase } from '../../src/remediation/keeper/ended.ts';
import { putRight } from '../../src/remediation/keeper/events.ts';
import type { KeeperDeps } from './deps.ts';
import { record, writeStatus } from './look.ts';
import type { Look, Looked } from './look.ts';

/** Puts the phase of the end back with one write. The trail names each foreign write by the resourceVersion it was met at. */
export async function restorePhase(deps: KeeperDeps, look: Look, foreign: string): Promise<Looked> {
  const { row, found } = look;
  const { namespace, name, uid } = row.registration;
  const delta = { overallPhase: row.phase };
  const event = putRight({ namespace, name, uid }, 'PhaseRestored', row.phase, delta);
  await record(deps, row, `side/orchestrator.status.updated/PhaseRestored/${found.resourceVersion}`, event);
  const written = await writeStatus(deps, look, 'restore', (now) =>
    foreignPhase(now, row.phase) === undefined ? undefined : delta,
  );
  deps.metrics.foreignWritten('overallPhase', 'restored');
  deps.log.warn('Putting back the phase of an ended request', {
    rr: `${namespace}/${name}`,
    rr_uid: uid,
    found: foreign,
  });
  tell(deps, look, `Phase ${said(foreign)} was written after the end; put back to ${row.phase}`);
  return written;
}

/** Somebody keeps writing: the phase stays as they wrote it, and people are told. */
export function reportPhase(deps: KeeperDeps, { row, found, now }: Look, foreign: string): Looked {
  const { namespace, name, uid } = row.registration;
  deps.metrics.foreignWritten('overallPhase', 'left');
  deps.log.warn('Leaving a foreign phase on an ended request, it was put back too often', {
    rr: `${namespace}/${name}`,
    rr_uid: uid,
    found: foreign,
  });
  const message = `Phase ${said(foreign)} was written again after the end and stays: the ledger has ${row.phase}`;
  tell(deps, { row, found, now }, message);
  return { found };
}

const said = (phase: string): string => (phase === '' ? '(none)' : phase);

/** As well as it goes: an Event is news, not the record. Its name makes it one for each foreign write. */
function tell({ kubernetes, log }: KeeperDeps, { row, found, now }: Look, message: string): void {
  const { namespace, name, uid } = row.registration;
  const event = {
    name: `${name.slice(0, 200)}.${uid.slice(0, 8)}.restored.${found.resourceVersion}`,
    namespace,
    involved: { kind: 'RemediationRequest', name, uid } as const,
    type: 'Warning' as const,
    reason: 'ForeignPhaseRestored',
    message,
    at: now,
  };
  kubernetes.createEvent(event).catch((error: unknown) => {
    log.debug('Sending a Kubernetes Event failed', { rr: `${namespace}/${name}`, err: fullMessage(error) });
  });
}
