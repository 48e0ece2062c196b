import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkChain } from '../../../src/postgres/chain-check.ts';
import { chainIdOf, emptyChain, eventHash, linked, payloadDigest } from '../../../src/postgres/chain.ts';
import { eventContents } from '../../../src/postgres/envelope.ts';
import type { EventRow } from '../../../src/postgres/event-row.ts';
import type { FindingCode } from '../../../src/postgres/findings.ts';
import { aRegistration, directPath, writer } from './commits.ts';

function aChain(uid?: string): { readonly uid: string; readonly events: readonly EventRow[] } {
  const of = aRegistration(uid === undefined ? {} : { uid });
  const contents = directPath(of).flatMap((commit) => eventContents(commit, writer));
  return { uid: of.uid, events: linked(chainIdOf(of.uid), emptyChain(chainIdOf(of.uid)), contents) };
}

function headOf(events: readonly EventRow[]) {
  const last = events.at(-1) ?? assert.fail('no events');
  return { seq: last.chain_seq, hash: last.event_hash };
}

type Finding = readonly [FindingCode, number | undefined];
const found = (uid: string, events: readonly EventRow[], head: ReturnType<typeof headOf>): readonly Finding[] =>
  checkChain(uid, events, head).map(({ code, seq }) => [code, seq]);

/** The event as somebody with write access would leave it who recomputes its own hashes. */
const rehashed = (event: EventRow): EventRow => {
  const changed = { ...event, event_data_sha256: payloadDigest(event.event_data) };
  return { ...changed, event_hash: eventHash(changed) };
};

describe('checkChain', () => {
  const { uid, events } = aChain();
  const head = headOf(events);
  const position = fc.integer({ min: 0, max: events.length - 1 });
  const inner = fc.integer({ min: 1, max: events.length - 2 });
  const at = (i: number): EventRow => events[i] ?? assert.fail();

  it('S3: finds nothing in an intact chain', () => {
    assert.deepEqual(checkChain(uid, events, head), []);
  });

  it('finds nothing in a chain that has no event yet', () => {
    assert.deepEqual(checkChain(uid, [], emptyChain(chainIdOf(uid))), []);
    assert.deepEqual(checkChain(uid, [], undefined), []);
  });

  it('finds an edited payload', () => {
    fc.assert(
      fc.property(position, (i) => {
        const edited = events.with(i, { ...at(i), event_data: { ...at(i).event_data, note: 'x' } });
        assert.deepEqual(found(uid, edited, head), [['PAYLOAD_DIGEST_MISMATCH', i + 1]]);
      }),
    );
  });

  it('finds an edited column', () => {
    const edits = [
      { actor_id: 'mallory' },
      { event_timestamp: '2026-11-23T10:00:00.123001Z' },
      { event_outcome: 'failure' },
      { severity: 'warning' },
      { error_message: 'x' },
      { event_metadata: {} },
      { retention_days: 1 },
      { is_sensitive: true },
      { actor_ip: '10.0.0.1' },
    ];
    fc.assert(
      fc.property(position, fc.constantFrom(...edits), (i, edit) => {
        assert.deepEqual(found(uid, events.with(i, { ...at(i), ...edit }), head), [['EVENT_HASH_MISMATCH', i + 1]]);
      }),
    );
  });

  it('finds an edited event whose own hashes were recomputed', () => {
    fc.assert(
      fc.property(inner, (i) => {
        const edited = events.with(i, rehashed({ ...at(i), actor_id: 'mallory' }));
        assert.deepEqual(found(uid, edited, head), [['LINK_MISMATCH', i + 2]]);
      }),
    );
  });

  it('finds a deleted event', () => {
    fc.assert(
      fc.property(inner, (i) => {
        assert.deepEqual(found(uid, events.toSpliced(i, 1), head), [['SEQUENCE_GAP', i + 2]]);
      }),
    );
  });

  it('finds an inserted event', () => {
    fc.assert(
      fc.property(inner, (i) => {
        const inserted = events.toSpliced(i + 1, 0, at(i));
        assert.deepEqual(found(uid, inserted, head), [['DUPLICATE_SEQUENCE', i + 1]]);
      }),
    );
  });

  it('finds events that changed places', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: events.length - 3 }), (i) => {
        const swapped = events.with(i, { ...at(i + 1), chain_seq: i + 1 }).with(i + 1, { ...at(i), chain_seq: i + 2 });
        const codes = found(uid, swapped, head);
        assert.deepEqual(codes[0], ['LINK_MISMATCH', i + 1]);
        assert.ok(codes.some(([code]) => code === 'EVENT_HASH_MISMATCH'));
      }),
    );
  });

  it('finds a cut and a lengthened tail by the recorded end', () => {
    assert.deepEqual(found(uid, events.slice(0, -1), head), [['HEAD_MISMATCH', events.length - 1]]);
    const forged = linked(chainIdOf(uid), head, [at(2)]);
    assert.deepEqual(found(uid, [...events, ...forged], head), [['HEAD_MISMATCH', events.length + 1]]);
  });

  it('finds a chain without a recorded end', () => {
    assert.deepEqual(
      checkChain(uid, events, undefined).map(({ code }) => code),
      ['HEAD_MISMATCH'],
    );
  });

  it('finds two remediations whose chains were exchanged, in both', () => {
    const other = aChain();
    const stolen = other.events.map((event) => ({ ...event, rr_uid: uid, chain_id: chainIdOf(uid) }));
    const codes = new Set(found(uid, stolen, headOf(other.events)).map(([code]) => code));
    assert.deepEqual([...codes].sort(), ['EVENT_HASH_MISMATCH', 'GENESIS_MISMATCH', 'SUBJECT_MISMATCH']);
    assert.deepEqual(found(uid, stolen, headOf(other.events)).slice(0, 2), [
      ['SUBJECT_MISMATCH', 1],
      ['GENESIS_MISMATCH', 1],
    ]);
  });

  it('goes on behind the events that retention removed', () => {
    const rest = events.slice(4);
    const purged = { seq: 4, hash: at(3).event_hash };
    assert.deepEqual(checkChain(uid, rest, { ...head, purged }), []);
    assert.deepEqual(
      checkChain(uid, rest.slice(1), { ...head, purged }).map(({ code }) => code),
      ['SEQUENCE_GAP'],
    );
  });
});
