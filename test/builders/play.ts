/** Plays one remediation in a world and tells what came of it; whatever happened, the invariants hold. */
import type { AuditEvent } from '../../src/remediation/audit.ts';
import type { ChildKind } from '../../src/remediation/snapshots.ts';
import type { JsonObject } from '../../src/remediation/json.ts';
import type { Remediation } from '../../src/remediation/state.ts';
import type { Condition, Status } from '../../src/remediation/status.ts';
import { checkInvariants } from './invariants.ts';
import { aWorld } from './world.ts';
import type { World, WorldOptions } from './world.ts';

export interface Played {
  readonly world: World;
  readonly end: Remediation;
  /** The status as the API server has it, conditions by type. */
  readonly status: Omit<Status, 'conditions'> & { readonly conditions: Readonly<Record<string, Condition>> };
  /** Types of all events without their common beginning, a list for each step. */
  readonly told: readonly (readonly string[])[];
  /** The events of this type: `transitioned`, `approval.requested`. */
  readonly events: (type: string) => readonly AuditEvent[];
  /** The phases in the order of the trail. */
  readonly path: readonly string[];
  readonly child: (kind: ChildKind) => JsonObject | undefined;
}

export interface PlayOptions extends WorldOptions {
  /** What happens beside the children. */
  readonly meanwhile?: (world: World) => void;
  /** How long after the start to look; without it, at the end. */
  readonly until?: number;
}

/** Lets it happen. */
export async function play({ meanwhile, until, ...options }: PlayOptions = {}): Promise<Played> {
  const world = aWorld(options);
  meanwhile?.(world);
  const end = await world.run(until);
  checkInvariants(world, end);
  return played(world, end);
}

/** What can be seen of a world. */
export function played(world: World, end: Remediation): Played {
  const { conditions = [], ...rest } = (world.status() ?? {}) as Omit<Status, 'conditions'> & {
    readonly conditions?: readonly (Condition & { readonly type: string })[];
  };
  const events = (type: string): readonly AuditEvent[] =>
    world.ledger.events().filter((event) => shortName(event.type) === type);
  return {
    world,
    end,
    status: { ...rest, conditions: Object.fromEntries(conditions.map(({ type, ...condition }) => [type, condition])) },
    told: world.ledger.commits.map((commit) => commit.events.map(({ type }) => shortName(type))),
    events,
    path: ['Pending', ...events('transitioned').map(({ data }) => data['to_phase'] as string)],
    child: (kind) => world.cluster.all(kind)[0],
  };
}

const shortName = (type: string): string => type.replace(/^orchestrator\.(lifecycle\.)?/, '');
