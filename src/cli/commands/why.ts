import type { RoutingStanding } from '../../postgres/routing/standing.ts';
import { jsonObject, text } from '../../remediation/readers.ts';
import { isBlockReason, REASONS } from '../../remediation/routing/reasons.ts';
import { command, requestOf } from '../command.ts';
import { facts, instant, json, plain, table } from '../render.ts';
import { ledgerRow } from '../requests.ts';

/** Says which check answered, what it saw, who holds what, and what ends the wait. */
export const why = command<{ readonly request: string }>({
  name: 'why',
  summary: 'say why a remediation may go on or waits: the check, its facts, who holds what',
  request: 'required',
  examples: ['rrctl why rr-1', 'rrctl why rr-1 --json'],
  parse: (request) => ({ request: requestOf(request) }),
  run: async ({ request }, io, dependencies) => {
    const object = await dependencies.cluster.get('RemediationRequest', dependencies.namespace(), request);
    const row = await ledgerRow(request, object?.metadata.uid, dependencies);
    const standing = await dependencies.store.routing(row.uid);
    if (standing === undefined) {
      io.err(`The ledger has no row of ${request}.`);
      return 1;
    }
    io.out(io.json ? json({ request: `${row.namespace}/${row.name}`, ...standing }) : told(standing, io.now()));
    return 0;
  },
});

function told(standing: RoutingStanding, now: number): string {
  const { phase, answer, asking, askedAt, claims, foreign } = standing;
  const block = jsonObject(answer?.['block']);
  const decision = jsonObject(answer?.['decision']);
  const inputs = Object.entries(jsonObject(decision?.['inputs']) ?? {});
  const parts = [
    facts([
      ['Phase', phase],
      ['Asked', asking === undefined ? 'not yet' : `${asking}, ${instant(askedAt, now) ?? ''}`],
      ['Answer', text(answer?.['answer'])],
      ['Check', text(decision?.['check'])],
      ['Why', plain(text(block?.['message']) ?? '')],
      ['Ends by', phase === 'Blocked' ? endOf(standing, now) : undefined],
    ]),
    inputs.length === 0
      ? ''
      : `It saw\n${facts(inputs.map(([name, value]) => [`  ${name}`, plain(typeof value === 'string' ? value : JSON.stringify(value))]))}`,
    claims.length === 0
      ? ''
      : table(
          ['HELD', 'KEY', 'BY', 'IN PHASE', 'TOKEN', 'SINCE'],
          claims.map((claim) => [
            claim.kind,
            plain(claim.key, 60),
            claim.holder,
            claim.holderPhase,
            String(claim.token),
            instant(claim.since, now) ?? '',
          ]),
        ),
    foreign.length === 0
      ? ''
      : `Executions that the product did not make: ${foreign.map((each) => plain(each)).join(', ')}`,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function endOf({ blockReason, blockedUntil, waitsForRequest }: RoutingStanding, now: number): string {
  const byHand = 'rrctl unblock, or a cancellation';
  if (!isBlockReason(blockReason)) return instant(blockedUntil, now) ?? byHand;
  if (blockReason === 'DuplicateInProgress') return `the end of ${waitsForRequest ?? 'its original'}`;
  if (blockReason === 'ResourceBusy') return 'the end of the execution on its target';
  const time = instant(blockedUntil, now);
  if (time === undefined) return byHand;
  return REASONS[blockReason].mayBeLifted ? `${time}, or ${byHand}` : time;
}
