/**
 * One pass of the keeper: what no remediation's own workflow can do, because it has ended or was lost. A Schedule
 * starts it; it remembers nothing, the ledger does.
 */
import { ApplicationFailure, log, proxyLocalActivities, setCurrentDetails } from '@temporalio/workflow';
import type { DutyReport, KeeperActivities } from '../activities/keeper/contract.ts';
import { oneDuty, PASS_MS } from './options.ts';

const activities = proxyLocalActivities<KeeperActivities>(oneDuty);

/** In this order: first what somebody waits for. */
const DUTIES = ['lookAfterEnded', 'freeTargets', 'wakeWaiters', 'startWorkflows', 'tidyUp'] as const;
type DutyName = (typeof DUTIES)[number];

/** What a pass came to, duty by duty. */
export type KeeperResult = { readonly [D in DutyName]?: DutyReport };

/** Does every duty, and those of which there is more again, as long as a pass may take. Fails when a duty could not be done at all. */
export async function keeper(): Promise<KeeperResult> {
  const began = Date.now();
  const result: { [D in DutyName]?: DutyReport } = {};
  const broken = new Map<DutyName, string>();
  let due: readonly DutyName[] = DUTIES;
  while (due.length > 0) {
    for (const duty of due) {
      try {
        result[duty] = sum(result[duty], await activities[duty]());
      } catch (error) {
        broken.set(duty, messageOf(error));
      }
    }
    setCurrentDetails(detailsOf(result, broken));
    const hasTime = Date.now() - began < PASS_MS;
    due = due.filter((duty) => hasTime && !broken.has(duty) && result[duty]?.isMore === true);
  }
  if (broken.size === 0) {
    await activities.notePass();
    return result;
  }
  const reasons = [...broken].map(([duty, reason]) => `${duty}: ${reason}`).join('; ');
  log.warn('A pass of the keeper was not whole, the next one tries again', { reasons });
  throw ApplicationFailure.nonRetryable(`Not done, the next pass tries again: ${reasons}`, 'KEEPER_PASS_NOT_WHOLE');
}

const sum = (before: DutyReport | undefined, { done, failed, isMore }: DutyReport): DutyReport => ({
  done: (before?.done ?? 0) + done,
  failed: (before?.failed ?? 0) + failed,
  isMore,
});

/** The innermost message says most. */
function messageOf(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  return deepest instanceof Error ? deepest.message : String(deepest);
}

function detailsOf(result: KeeperResult, broken: ReadonlyMap<DutyName, string>): string {
  const rows = DUTIES.map((duty) => {
    const { done = 0, failed = 0, isMore = false } = result[duty] ?? {};
    const more = isMore ? 'yes' : '';
    return `| ${duty} | ${String(done)} | ${String(failed)} | ${more} | ${broken.get(duty) ?? ''} |`;
  });
  return ['| Duty | Done | Failed | More | Why not |', '|---|---|---|---|---|', ...rows].join('\n');
}
