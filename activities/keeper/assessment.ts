/** An assessment that ended after its remediation had stopped waiting for it: shown in the condition, and nowhere else. */
import { toChildSnapshot } from '../../src/remediation/projections.ts';
import { isEnded } from '../../src/remediation/snapshots.ts';
import type { EffectivenessAssessmentStatus } from '../../src/remediation/snapshots.ts';
import { toRfc3339 } from '../../src/remediation/time.ts';
import type { ConditionChange } from '../../src/remediation/transition.ts';
import { assessmentCondition } from '../../src/remediation/transitions/verifying.ts';
import type { KeeperDeps } from './deps.ts';
import { conditionsWith, dated, writeStatus } from './look.ts';
import type { Look, Looked } from './look.ts';

const TYPE = 'EffectivenessAssessed';

/** Writes the condition once the assessment has ended; until then there is nothing to say. */
export async function showAssessment(deps: KeeperDeps, look: Look, name: string): Promise<Looked> {
  const { namespace, uid } = look.row.registration;
  const object = await deps.kubernetes.get('EffectivenessAssessment', namespace, name);
  const child = object === undefined ? undefined : toChildSnapshot('EffectivenessAssessment', object);
  if (child?.ownerUid !== uid || !isEnded(child)) return { found: look.found };
  const change: ConditionChange = assessmentCondition(child.status as EffectivenessAssessmentStatus);
  return writeStatus(deps, look, 'mirror', (found) => {
    const known = found.status.conditions?.[TYPE];
    if (known?.status === change.status && known.reason === change.reason) return undefined;
    return { conditions: conditionsWith(found, TYPE, dated(found, TYPE, change, toRfc3339(look.now))) };
  });
}
