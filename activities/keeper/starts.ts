/** Workflows that should run and do not: lost before their first step, or ended by somebody who had no business to. */
import { returnDuty, takeDuty } from '../../src/postgres/keeper/duties.ts';
import { endUnbegun, forgetHints, hintedLive, liveAfter, returnRestart } from '../../src/postgres/keeper/live.ts';
import { takeRestart, unbegun } from '../../src/postgres/keeper/live.ts';
import type { LiveRow } from '../../src/postgres/keeper/live.ts';
import { recordSideEvent } from '../../src/postgres/trail.ts';
import { sideEventId } from '../../src/postgres/event-ids.ts';
import { foundDeleted } from '../../src/remediation/keeper/events.ts';
import { inputOfGone } from '../../src/remediation/keeper/gone.ts';
import { toStart } from '../../src/temporal/start-input.ts';
import type { RemediationInput } from '../../workflows/input.ts';
import { eachOf } from './batch.ts';
import type { KeeperActivities } from './contract.ts';
import { DELETED } from './deletion.ts';
import type { KeeperDeps } from './deps.ts';
import { writerOf } from './look.ts';

const MOST = 200;
const PAGE = 500;
/** A row that moved so recently is surely carried by somebody, and lists of workflows may be older. */
const QUIET_MS = 60_000;

export function startActivities(deps: KeeperDeps): Pick<KeeperActivities, 'startWorkflows'> {
  const { pool, kubernetes, namespace, runs, metrics, log, settings, localFirst } = deps;

  /** What the workflow is started with; undefined when nobody has begun the request and it is gone, or going. */
  const inputOf = async ({ registration, step, generation }: LiveRow): Promise<RemediationInput | undefined> => {
    const { namespace: where, name, uid } = registration;
    const object = await kubernetes.get('RemediationRequest', where, name);
    const isThere = object?.metadata.uid === uid && object.metadata.deletionTimestamp === undefined;
    const seen = isThere ? toStart(object) : undefined;
    if (seen === undefined && step === 0) return undefined;
    return { ...(seen ?? inputOfGone(registration)), settings, generation, localFirst };
  };

  /** A request that went before anybody began it leaves a note, and nothing else. */
  const endGone = async ({ registration }: LiveRow): Promise<void> => {
    const { namespace: where, name, uid } = registration;
    if (!(await endUnbegun(pool, uid))) return;
    const event = foundDeleted({ namespace: where, name, uid }, registration.phase, undefined);
    const side = { id: sideEventId(uid, DELETED), subject: registration, event, at: Date.now() };
    await recordSideEvent(pool, side, writerOf(deps));
  };

  /** Whether something had to be done. */
  const ensure = async (row: LiveRow): Promise<boolean> => {
    const { uid, name, namespace: where } = row.registration;
    if (await runs.isRunning(uid)) return false;
    const input = await inputOf(row);
    if (input === undefined) {
      await endGone(row);
      return true;
    }
    if (row.step === 0) {
      const started = await runs.ensure(input);
      if (started === 'running') return false;
      if (started === 'started') {
        metrics.sweepHit('keeper', 'start');
        log.info('Started a workflow that nobody had started', { rr: `${where}/${name}`, rr_uid: uid });
        return true;
      }
    }
    const generation = await takeRestart(pool, uid, row.generation);
    // Somebody else replaces it, or it has ended meanwhile.
    if (generation === undefined) return false;
    try {
      await runs.replace({ ...input, generation });
    } catch (error) {
      await returnRestart(pool, uid).catch(() => undefined);
      throw error;
    }
    metrics.sweepHit('keeper', 'restart');
    log.warn('Replaced a workflow that was gone before its request had ended', {
      rr: `${where}/${name}`,
      rr_uid: uid,
      phase: row.registration.phase,
      generation,
    });
    return true;
  };

  const ensureAll = (rows: readonly LiveRow[]) =>
    eachOf({
      items: rows,
      nameOf: ({ registration }) => `${registration.namespace}/${registration.name}`,
      what: 'Starting the workflow of a request',
      log,
      work: ensure,
    });

  /** Those of which the list of running workflows has none. */
  const notRunning = async (rows: readonly LiveRow[]): Promise<readonly LiveRow[]> => {
    if (rows.length === 0) return [];
    const open = await runs.openAmong(rows.map(({ registration }) => registration.workflowId));
    return rows.filter(({ registration }) => !open.has(registration.workflowId));
  };

  const compareAll = async (): Promise<readonly LiveRow[]> => {
    const lost: LiveRow[] = [];
    let last: string | undefined;
    for (;;) {
      const page = await liveAfter(pool, namespace, last, Math.min(QUIET_MS, deps.compareMs), PAGE);
      lost.push(...(await notRunning(page)));
      last = page.at(-1)?.registration.uid;
      if (page.length < PAGE || lost.length >= MOST) return lost;
    }
  };

  return {
    async startWorkflows() {
      const hinted = await hintedLive(pool, namespace, MOST);
      const waiting = await notRunning(await unbegun(pool, namespace, deps.beginMs, MOST));
      const isComparing = await takeDuty(pool, namespace, 'comparison', deps.compareMs);
      try {
        const lost = isComparing ? await compareAll() : [];
        const rows = new Map([...hinted, ...waiting, ...lost].map((row) => [row.registration.uid, row]));
        const came = await ensureAll([...rows.values()]);
        if (hinted.length > 0)
          await forgetHints(
            pool,
            hinted.map(({ registration }) => registration.uid),
          );
        if (came.failed > 0 && isComparing) await returnDuty(pool, namespace, 'comparison');
        return { ...came, isMore: hinted.length >= MOST || waiting.length >= MOST || lost.length >= MOST };
      } catch (error) {
        if (isComparing) await returnDuty(pool, namespace, 'comparison').catch(() => undefined);
        throw error;
      }
    },
  };
}
