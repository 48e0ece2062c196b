/** Lets remediations run one after the other into moments at which a process is killed and started again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { listenToSteps } from './moments.ts';
import type { Moment } from './moments.ts';
import type { TestProduct } from './product.ts';
import type { Program } from './program.ts';
import type { Path } from './trails.ts';

/** A remediation with the moment at which the process is killed. */
export interface Victim {
  readonly name: string;
  readonly path: Path;
  readonly moment: Moment;
}

/** What became of a victim. */
export interface Fate {
  readonly victim: Victim;
  /** How often the process was killed in the remediation's life. */
  readonly kills: number;
  /** From the kill to the end, milliseconds. */
  readonly recoveredMs: number;
  /** What the kill left behind: an effect that no step names yet, or a step that the status does not show yet. */
  readonly doubt: Doubt;
}

export type Doubt = 'effect' | 'record' | 'none';

const DOWN_MS = 200;

/** Runs every victim into its moment; resolves when all of them have completed. */
export async function killAtMoments(
  product: TestProduct,
  program: Program,
  victims: readonly Victim[],
): Promise<readonly Fate[]> {
  const { sights, pool } = product;
  const byName = new Map(victims.map((victim) => [victim.name, victim]));
  const names = new Map<string, string>();
  const kills: number[] = [];
  const born = new Map<string, number>();
  const ended = new Map<string, number>();
  const decided = new Set<string>();
  const doubts: Doubt[] = [];
  let target: Victim | undefined;
  let strike = (): void => undefined;

  /** Kills when it is the moment of the victim whose turn it is. */
  const happened = (name: string, isMoment: (moment: Moment) => boolean): void => {
    if (target?.name === name && isMoment(target.moment)) strike();
  };

  sights.listen((kind, { metadata, status }, isFirst) => {
    if (kind === 'RemediationRequest') {
      names.set(metadata.uid, metadata.name);
      const phase = sights.phaseOf(metadata.name);
      const shown = typeof status?.['overallPhase'] === 'string' ? status['overallPhase'] : '';
      if (isFirst) happened(metadata.name, ({ at }) => at === 'created');
      if (shown !== phase) happened(metadata.name, (moment) => moment.at === 'shown' && moment.phase === shown);
      if (shown === 'Completed') ended.set(metadata.name, Date.now());
      if (shown === 'AwaitingApproval' && !decided.has(metadata.name)) void decide(metadata.name);
      return;
    }
    const owner = metadata.ownerReferences?.[0]?.name ?? '';
    if (isFirst) happened(owner, (moment) => moment.at === 'child' && moment.kind === kind);
  });

  /** Decides a little later, so that a kill in the phase AwaitingApproval comes first. */
  const decide = async (name: string): Promise<void> => {
    decided.add(name);
    await sleep(DOWN_MS / 2);
    await product.approve(name);
    happened(name, ({ at }) => at === 'decided');
  };

  const steps = await listenToSteps(pool, (uid, step) => {
    happened(names.get(uid) ?? '', (moment) => moment.at === 'recorded' && moment.step === step);
  });

  for (const victim of victims) {
    const struck = new Promise<void>((resolve) => {
      strike = () => {
        target = undefined;
        kills.push(Date.now());
        resolve(program.kill());
      };
    });
    target = victim;
    born.set(victim.name, Date.now());
    // A notification that is delivered would add a write of its own.
    await product.create(victim.name, victim.path, { simulate: 'nr-silent' });
    await within(struck, `the moment of ${victim.name} does not come`);
    doubts.push(await doubtOf(victim, product));
    await sleep(DOWN_MS);
    await program.start();
  }
  await sights.until(
    () => `not completed: ${[...byName.keys()].filter((name) => !ended.has(name)).join(', ')}`,
    () => ended.size === byName.size,
    120_000,
  );
  steps.stop();
  return victims.map((victim, index) => {
    const begin = born.get(victim.name) ?? 0;
    const end = ended.get(victim.name) ?? 0;
    const inLife = kills.filter((at) => at >= begin && at <= end);
    return { victim, kills: inLife.length, recoveredMs: end - (kills[index] ?? 0), doubt: doubts[index] ?? 'none' };
  });
}

/** Compares cluster, trail and status while nothing can change them. */
async function doubtOf({ name, moment }: Victim, { client, pool, servers }: TestProduct): Promise<Doubt> {
  const request = await client.get('RemediationRequest', servers.namespace, name);
  const { rows } = await pool.query<{ phase: string; status_fold: object }>(
    'select phase, status_fold from remediations where uid = $1 and step > 0',
    [request?.metadata.uid],
  );
  const [row] = rows;
  if (row === undefined) return 'none';
  if (moment.at === 'child' && !JSON.stringify(row.status_fold).includes(`"${moment.kind}"`)) return 'effect';
  return row.phase === request?.status?.['overallPhase'] ? 'none' : 'record';
}

async function within(event: Promise<void>, what: string): Promise<void> {
  const limit = new AbortController();
  const late = sleep(60_000, undefined, { signal: limit.signal }).then(() => {
    throw new Error(what);
  });
  try {
    await Promise.race([event, late]);
  } finally {
    limit.abort();
    late.catch(() => undefined);
  }
}
