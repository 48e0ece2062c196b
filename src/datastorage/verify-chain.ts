/** Verifies every chain that holds events of a correlation id, with the checkpoints that cover them. */
import type pg from 'pg';
import { createVerifier } from '../audit/verifier.ts';
import type { VerifierOptions } from '../audit/verifier.ts';
import { bundleLines } from '../postgres/checkpoints/bundle-lines.ts';
import { withTransaction } from '../postgres/pool.ts';
import { fastEventHash } from '../audit/digest.ts';
import type { BundleEvent } from '../audit/bundle.ts';
import { Problem } from './problem.ts';

const MOST_EVENTS = 10_000;

/** The answer of the route; tampering is an answer, not an error. */
export async function verifyChain(
  pool: pg.Pool,
  correlationId: string,
  keys: VerifierOptions['keys'],
  version: string,
) {
  return withTransaction(pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    const count = `select count(*)::int as n from (select 1 from audit_events where correlation_id = $1 limit ${String(MOST_EVENTS + 1)}) e`;
    const { rows } = await client.query<{ n: number }>(count, [correlationId]);
    if ((rows[0]?.n ?? 0) > MOST_EVENTS)
      throw new Problem(400, 'validation-error', `More than ${String(MOST_EVENTS)} events: use "rrctl audit verify"`);
    const verifier = createVerifier({ keys });
    const events = new Map<string, BundleEvent>();
    const selection = { kind: 'correlation', correlation: correlationId } as const;
    for await (const line of bundleLines(client, { selection, version })) {
      verifier.take(line);
      if (line.kind === 'event') events.set(`${line.event.chain_id} ${String(line.event.chain_seq)}`, line.event);
    }
    const report = verifier.report();
    const tampered = report.findings.map(({ code, chain, seq, message }) => {
      const event = events.get(`${chain ?? ''} ${String(seq ?? 0)}`);
      return {
        ...(event === undefined
          ? {}
          : {
              event_id: event.event_id,
              event_timestamp: event.event_timestamp,
              expected_hash: fastEventHash(event),
              actual_hash: event.event_hash,
              previous_hash: event.previous_event_hash,
            }),
        message: `${code}: ${message}`,
      };
    });
    return {
      correlation_id: correlationId,
      is_valid: report.intact,
      total_events: report.events,
      verified_events: report.events - new Set(tampered.flatMap((each) => each.event_id ?? [])).size,
      skipped_null_hash: 0,
      tampered_events: tampered,
      verification_time: new Date().toISOString(),
      message: report.intact
        ? `${String(report.events)} events in ${String(report.chains)} chains are intact`
        : `${String(report.findings.length)} findings in ${String(report.chains)} chains`,
    };
  });
}
