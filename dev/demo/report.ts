/** What is left of a remediation when it has ended: its status, its trail, what it cost, and where to look on. */
import { workflowId } from '../../src/remediation/names.ts';
import { auditedRequests, isStatusWrite } from './audit-log.ts';
import type { Sight } from './following.ts';
import type { TrailEvent } from '../../src/postgres/event-row.ts';
import { rrctl, runCommand } from './product.ts';
import type { Answer, ProductPlaces } from './product.ts';
import type { DemoServers } from './servers.ts';
import { say, sayCommand, styled } from './terminal.ts';
import { trailTable } from './trail-table.ts';

/** Prints the report; returns what is not as it should be. */
export async function report(sight: Sight, places: ProductPlaces, servers: DemoServers): Promise<readonly string[]> {
  const { name, uid, status } = sight;
  const { namespace } = places;
  say();
  await show(`kubectl get rr ${name} -n ${namespace}`, () =>
    runCommand(servers.kubectl, ['get', 'rr', name, '-n', namespace], { KUBECONFIG: places.kubeconfig }),
  );
  const events = await showTrail(name, places);
  const verified = await show(`rrctl verify ${name}`, () => rrctl(['verify', name], places));
  if (servers.auditLog !== undefined) {
    const requests = auditedRequests(servers.auditLog, namespace);
    const writes = requests.filter((request) => isStatusWrite(request, name)).length;
    const steps = new Set(events.map(({ step_no }) => step_no)).size;
    const others = writes === steps ? '' : `, ${String(writes - steps)} for news of notifications`;
    say(`Status writes  ${String(writes)}: one for each of ${String(steps)} steps${others}`);
  }
  if (servers.temporalUi !== undefined)
    say(`Temporal UI    ${servers.temporalUi}/namespaces/${servers.temporalNamespace}/workflows/${workflowId(uid)}`);
  const ending = `${status.overallPhase ?? 'new'}/${status.completionStatus?.outcome ?? 'no outcome'}`;
  return [
    ...(ending === 'Completed/Remediated' ? [] : [`${name} is ${ending}, not Completed/Remediated`]),
    ...(verified.code === 0 ? [] : [`the trail of ${name} and its status do not agree`]),
  ];
}

/** The trail as `rrctl trail` has it, without what the demo repeats in every line. */
async function showTrail(name: string, places: ProductPlaces): Promise<readonly TrailEvent[]> {
  sayCommand(`rrctl trail ${name}`);
  const { code, out, err } = await rrctl(['trail', name, '--json'], places);
  const events = code === 0 ? (JSON.parse(out) as readonly TrailEvent[]) : [];
  say(code === 0 ? trailTable(events) : err.trim());
  say();
  return events;
}

async function show(command: string, run: () => Promise<Answer>): Promise<Answer> {
  sayCommand(command);
  const answer = await run();
  say(
    [answer.out, answer.err]
      .map((text) => text.trimEnd())
      .filter((text) => text !== '')
      .join('\n'),
  );
  if (answer.code !== 0) say(styled('red', `exit code ${String(answer.code)}`));
  say();
  return answer;
}
