/** Whether a remediation may go on: the label of its target, then one transaction in PostgreSQL. */
import { createHash } from 'node:crypto';
import { fullMessage } from '../src/errors.ts';
import { decideRouting } from '../src/postgres/routing/decision.ts';
import type { Known } from '../src/postgres/routing/decision.ts';
import { originalOf } from '../src/postgres/routing/original.ts';
import type { Claim } from '../src/postgres/routing/reading.ts';
import { childName } from '../src/remediation/names.ts';
import { PREFIX } from '../src/remediation/orders.ts';
import { toChildSnapshot } from '../src/remediation/projections.ts';
import type { RoutingQuestion } from '../src/remediation/routing/question.ts';
import type { ScopeVerdict } from '../src/remediation/routing/facts.ts';
import { isEnded } from '../src/remediation/snapshots.ts';
import type { RemediationActivities } from './contract.ts';
import type { Deps } from './deps.ts';
import { createScope } from './scope.ts';

type Needed = Pick<Deps, 'pool' | 'kubernetes' | 'metrics' | 'log'>;
type Mine = Pick<RemediationActivities, 'route' | 'readOriginal'>;

/** So many former holders of one target are looked at before the question is put again later. */
const MOST_HOLDERS = 5;

export function routingActivities({ pool, kubernetes, metrics, log }: Needed): Mine {
  const scope = createScope(kubernetes);

  const scopeFor = (question: RoutingQuestion): Promise<ScopeVerdict> | ScopeVerdict => {
    const isAsked = question.asking !== 'after approval' && !question.lifted.includes('UnmanagedResource');
    return isAsked ? scope(question.signalTarget, question.request.clusterID) : { managed: true };
  };

  /** Whether the execution of a former holder is over, or was never made: read directly, because nothing else proves it. */
  const isOver = async (namespace: string, { uid, name }: Claim): Promise<boolean> => {
    const nameDigest = createHash('sha256').update(name).digest('hex').slice(0, 10);
    const execution = childName(PREFIX.WorkflowExecution, { name, nameDigest });
    const object = await kubernetes.get('WorkflowExecution', namespace, execution);
    const child = object === undefined ? undefined : toChildSnapshot('WorkflowExecution', object);
    return child === undefined || child.ownerUid !== uid || isEnded(child);
  };

  return {
    async route(question) {
      const started = performance.now();
      let known: Known = {
        scope: await scopeFor(question),
        // The workflow's own time may be older than the question, and its timers are set by another clock.
        now: Math.max(question.at, Date.now()),
        over: [],
        running: [],
      };
      for (let reads = 0; ; reads += 1) {
        const decided = await decideRouting(pool, question, known);
        if (decided.kind === 'answered') {
          metrics.routed(decided.answer.answer, (performance.now() - started) / 1000);
          if (decided.chainFault !== undefined) {
            metrics.historyUnreadable();
            log.warn('Earlier runs on the target cannot be read, going on without them', {
              rr: `${question.request.namespace}/${question.request.name}`,
              reason: fullMessage(decided.chainFault),
            });
          }
          return decided.answer;
        }
        const { holder } = decided;
        const over = reads < MOST_HOLDERS && (await isOver(question.request.namespace, holder));
        known = over
          ? { ...known, over: [...known.over, holder.uid] }
          : { ...known, running: [...known.running, holder.uid] };
      }
    },

    readOriginal: (question) => originalOf(pool, question),
  };
}
