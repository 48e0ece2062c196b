/** Makes a step durable: the trail and the ledger first, then the status, so that nothing is visible that is not explained. */
import { activityInfo } from '@temporalio/activity';
import { commitTransaction } from '../src/postgres/commit-transaction.ts';
import type { LastStep } from '../src/postgres/commit-transaction.ts';
import type { Commit, CommitAnswer } from '../src/remediation/commit.ts';
import { isTerminal } from '../src/remediation/phases.ts';
import type { RemediationActivities } from './contract.ts';
import type { Deps } from './deps.ts';
import { sendEvents } from './kubernetes-events.ts';
import { writeStatus } from './status.ts';
import type { StatusChange } from './status.ts';

export function commitActivities(deps: Deps): Pick<RemediationActivities, 'commitStep'> {
  const { pool, metrics, log, build, auditRetentionDays } = deps;

  return {
    async commitStep(commit: Commit): Promise<CommitAnswer> {
      const { workflowId, runId } = activityInfo().workflowExecution ?? { workflowId: '', runId: '' };
      const writer = { workerBuild: build, workflowId, runId, retentionDays: auditRetentionDays };
      const started = performance.now();
      const answer = await commitTransaction(pool, commit, writer);
      metrics.commitTook('transaction', (performance.now() - started) / 1000);
      if (answer.kind !== 'committed') return answer;

      const { registration, write, ledger } = commit;
      const { waiters, recorded } = answer;
      if (recorded !== undefined)
        log.warn('Taking up a step that was made and forgotten', {
          rr: `${registration.namespace}/${registration.name}`,
          rr_uid: registration.uid,
          step: commit.step,
        });
      const { duplicates } = answer;
      const taken = {
        ...(recorded === undefined ? {} : { recorded }),
        ...(duplicates === undefined ? {} : { duplicates }),
      };
      if (!answer.repeated) count(deps, commit);
      const change = recorded === undefined ? write : changeOf(recorded);
      if (change === undefined) return { kind: 'committed', waiters, ...taken };

      const patched = performance.now();
      const written = await writeStatus(deps, {
        request: registration,
        write: change,
        isEnd: isTerminal(recorded?.phase ?? ledger.phase),
        after: answer.fold,
      });
      metrics.commitTook('patch', (performance.now() - patched) / 1000);
      if (written.kind === 'gone') return { kind: 'gone', waiters, ...taken };
      if (!answer.repeated) sendEvents(deps, commit);
      return {
        kind: 'committed',
        waiters,
        ...taken,
        resourceVersion: written.resourceVersion,
        ...(written.observed === undefined ? {} : { observed: written.observed }),
      };
    },
  };
}

/** The PATCH of a step that was forgotten: nobody knows any more on what it was conditional. */
const changeOf = ({ delta, phaseBefore }: LastStep): StatusChange['write'] => ({
  delta: delta,
  foreignConditions: {},
  phaseBefore,
});

function count({ metrics }: Deps, { registration, events, write, ledger }: Commit): void {
  const from = write?.phaseBefore;
  if (from !== undefined && from !== ledger.phase)
    metrics.transitioned({ from, to: ledger.phase, namespace: registration.namespace });
  if (ledger.phase === 'Blocked' && from !== 'Blocked')
    metrics.blocked(ledger.blockReason ?? 'Manual', registration.namespace);
  for (const { type } of events) metrics.auditEventWritten(type);
}
