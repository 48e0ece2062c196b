import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { bundleWriter } from '../../../src/audit/bundle.ts';
import { keyring } from '../../../src/audit/checkpoint.ts';
import type { SignedCheckpoint } from '../../../src/audit/checkpoint.ts';
import type { AuditFinding } from '../../../src/audit/findings.ts';
import { createVerifier } from '../../../src/audit/verifier.ts';
import { verifyBundle } from '../../../src/audit/verify-bundle.ts';
import type { EventRow } from '../../../src/postgres/event-row.ts';
import { aKey, aLog, linesOf, recomputed, resigned } from './log.ts';
import type { Stored } from './log.ts';

const key = aKey();

/** A trail of a few remediations, with checkpoints in between, the last of them over everything. */
const trails = fc
  .array(
    fc.record({
      uid: fc.uuid(),
      rounds: fc.array(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })), { minLength: 1, maxLength: 3 }),
        {
          minLength: 2,
          maxLength: 3,
        },
      ),
    }),
    { minLength: 2, maxLength: 4 },
  )
  .filter((trails) => new Set(trails.map(({ uid }) => uid)).size === trails.length);

function logOf(made: Trails): { readonly stored: Stored; readonly chains: readonly string[] } {
  const log = aLog(key);
  for (let round = 0; round < 3; round += 1) {
    for (const { uid, rounds } of made) log.append(uid, (rounds[round] ?? []).map(withoutOddities));
    log.checkpoint();
  }
  return { stored: log.stored, chains: made.map(({ uid }) => `rr:${uid}`) };
}
type Trails = typeof trails extends fc.Arbitrary<infer T> ? T : never;

/** Keys of ours are ours; -0 and keys like __proto__ do not survive a database either. */
const withoutOddities = (data: object) =>
  JSON.parse(JSON.stringify({ note: data }).replaceAll('__proto__', 'proto')) as never;

/** Logs are dear, copies of them are not. */
const SAMPLES = fc.sample(trails, 8).map(logOf);
const logs = fc.nat(SAMPLES.length - 1).map((i) => () => {
  const { stored, chains } = SAMPLES[i] ?? assert.fail();
  const { chains: entries, checkpoints, heads } = stored;
  return {
    stored: { chains: structuredClone(entries), checkpoints: [...checkpoints], heads: new Map(heads) },
    chains,
  };
});

function verified(stored: Stored, keys: readonly KeyObject[] = [key], known: readonly SignedCheckpoint[] = []) {
  const verifier = createVerifier({ keys: keyring(keys), known });
  for (const line of linesOf(stored)) verifier.take(line);
  return verifier.report();
}

const eventsIn = (stored: Stored, chain: string): EventRow[] => stored.chains.get(chain)?.events ?? assert.fail();
const replace = (stored: Stored, chain: string, events: EventRow[]): void => {
  const entry = stored.chains.get(chain);
  if (entry) entry.events = events;
};
const has = (findings: readonly AuditFinding[], wanted: Partial<AuditFinding>): boolean =>
  findings.some((finding) =>
    Object.entries(wanted).every(([name, value]) =>
      Object.entries(finding).some(([n, v]) => n === name && v === value),
    ),
  );

/** Runs the tampering on a random event (`at`, from 0) of a random trail; it must be reported as wanted. */
function detects(
  name: string,
  tamper: (stored: Stored, chain: string, at: number, other: string) => readonly Partial<AuditFinding>[] | undefined,
  options: { readonly keys?: readonly KeyObject[]; readonly known?: boolean } = {},
): void {
  it(name, () => {
    fc.assert(
      fc.property(logs, fc.nat(), fc.nat(), (make, chainPick, eventPick) => {
        const { stored, chains } = make();
        const known = options.known === true ? [...stored.checkpoints] : [];
        assert.deepEqual(verified(stored).findings, []);
        const chain = chains[chainPick % chains.length] ?? '';
        const other = chains[(chainPick + 1) % chains.length] ?? '';
        const at = eventPick % eventsIn(stored, chain).length;
        const wanted = tamper(stored, chain, at, other);
        if (wanted === undefined) return;
        const { findings, intact } = verified(stored, options.keys, known);
        assert.ok(!intact);
        for (const each of wanted)
          assert.ok(has(findings, each), `${JSON.stringify(each)} not in ${JSON.stringify(findings)}`);
      }),
      { numRuns: 20 },
    );
  });
}

describe('7.7: a verifier with the public key', () => {
  it('finds nothing in an intact log, and every event covered', () => {
    fc.assert(
      fc.property(logs, (make) => {
        const report = verified(make().stored);
        assert.deepEqual([report.findings, report.uncovered, report.checkpoints], [[], [], 3]);
      }),
      { numRuns: 20 },
    );
  });

  detects('names an event with an edited column', (stored, chain, at) => {
    replace(
      stored,
      chain,
      eventsIn(stored, chain).map((event, i) => (i === at ? { ...event, actor_id: 'mallory' } : event)),
    );
    return [{ code: 'EVENT_HASH_MISMATCH', chain, seq: at + 1 }];
  });

  detects('names an event with an edited payload', (stored, chain, at) => {
    const edit = (event: EventRow): EventRow => ({ ...event, event_data: { ...event.event_data, note: 'forged' } });
    replace(
      stored,
      chain,
      eventsIn(stored, chain).map((event, i) => (i === at ? edit(event) : event)),
    );
    return [{ code: 'PAYLOAD_DIGEST_MISMATCH', chain, seq: at + 1 }];
  });

  detects(
    'names where a rewritten chain leaves the checkpoints, though the rest was recomputed',
    (stored, chain, at) => {
      const edit = (event: EventRow): EventRow => ({ ...event, event_data: { ...event.event_data, note: 'forged' } });
      replace(
        stored,
        chain,
        eventsIn(stored, chain).map((event, i) => (i === at ? edit(event) : event)),
      );
      recomputed(stored, chain, at);
      const agreed = [...stored.heads].map(([no, leaves]) => ({ no, seq: leaves.get(chain)?.chain_seq ?? 0 }));
      const first = agreed.find(({ seq }) => seq > at);
      const last = agreed.filter(({ seq }) => seq <= at).at(-1)?.seq ?? 0;
      return [{ code: 'CHECKPOINT_HEAD_MISMATCH', chain, seq: last + 1, checkpoint: first?.no ?? 0 }];
    },
  );

  detects('names a gap where an event was deleted', (stored, chain, at) => {
    const events = eventsIn(stored, chain);
    if (at === events.length - 1) return undefined;
    replace(
      stored,
      chain,
      events.filter((_, i) => i !== at),
    );
    return [{ code: 'SEQUENCE_GAP', chain, seq: at + 2 }];
  });

  detects('names an event that was put in between', (stored, chain, at) => {
    const events = eventsIn(stored, chain);
    const twin = events[at] ?? assert.fail();
    replace(stored, chain, events.toSpliced(at, 0, { ...twin, actor_id: 'mallory' }));
    return [{ code: 'DUPLICATE_SEQUENCE', chain, seq: at + 1 }];
  });

  detects('names an event that was put in between with the later ones moved up', (stored, chain, at) => {
    const events = eventsIn(stored, chain);
    const twin = events[at] ?? assert.fail();
    const moved = events.slice(at).map((event) => ({ ...event, chain_seq: event.chain_seq + 1 }));
    replace(stored, chain, [...events.slice(0, at), twin, ...moved]);
    return [{ code: 'LINK_MISMATCH', chain, seq: at + 2 }];
  });

  detects('names an event that was appended', (stored, chain) => {
    const events = eventsIn(stored, chain);
    const last = events.at(-1) ?? assert.fail();
    replace(stored, chain, [
      ...events,
      { ...last, chain_seq: last.chain_seq + 1, previous_event_hash: last.event_hash },
    ]);
    return [{ code: 'HEAD_MISMATCH', chain, seq: last.chain_seq + 1 }];
  });

  detects('names the first of two events that changed places', (stored, chain, at) => {
    const events = eventsIn(stored, chain);
    const [a, b] = [events[at], events[at + 1]];
    if (a === undefined || b === undefined) return undefined;
    replace(stored, chain, events.with(at, { ...b, chain_seq: at + 1 }).with(at + 1, { ...a, chain_seq: at + 2 }));
    return [{ code: at === 0 ? 'GENESIS_MISMATCH' : 'LINK_MISMATCH', chain, seq: at + 1 }];
  });

  detects('says how much of a cut chain a checkpoint proves', (stored, chain, at) => {
    if (at === 0) return undefined;
    replace(stored, chain, eventsIn(stored, chain).slice(0, at));
    recomputed(stored, chain, at);
    const first = [...stored.heads].find(([, leaves]) => (leaves.get(chain)?.chain_seq ?? 0) > at)?.[0] ?? 0;
    return [{ code: 'CHAIN_SHORTER_THAN_CHECKPOINT', chain, seq: at + 1, checkpoint: first }];
  });

  detects(
    'knows from elsewhere which checkpoints were cut together with the tail',
    (stored, chain) => {
      const kept = stored.heads.get(2)?.get(chain)?.chain_seq ?? assert.fail();
      replace(stored, chain, eventsIn(stored, chain).slice(0, kept));
      recomputed(stored, chain, kept);
      stored.checkpoints.pop();
      stored.heads.delete(3);
      return [{ code: 'CHECKPOINT_GAP', checkpoint: 3 }];
    },
    { known: true },
  );

  detects('names the gap of a checkpoint that is missing in the middle', (stored) => {
    stored.checkpoints.splice(1, 1);
    stored.heads.clear();
    return [{ code: 'CHECKPOINT_GAP', checkpoint: 3 }];
  });

  detects('names the key of checkpoints that somebody else signed', (stored) => {
    resigned(stored, aKey());
    return [1, 2, 3].map((checkpoint) => ({ code: 'UNTRUSTED_KEY', checkpoint }));
  });

  detects('names a signature that is not by the key it names', (stored) => {
    const [first, second, third] = stored.checkpoints;
    if (first && second && third) stored.checkpoints = [first, { ...second, signature: third.signature }, third];
    return [{ code: 'SIGNATURE_INVALID', checkpoint: 2 }];
  });

  detects('names both chains of two remediations that changed names', (stored, chain, _at, other) => {
    const [mine, theirs] = [eventsIn(stored, chain), eventsIn(stored, other)];
    const renamed = (events: EventRow[], name: string): EventRow[] =>
      events.map((event) => ({ ...event, chain_id: name, rr_uid: name.slice(3) }));
    replace(stored, chain, renamed(theirs, chain));
    replace(stored, other, renamed(mine, other));
    return [chain, other].flatMap((name) => [
      { code: 'GENESIS_MISMATCH', chain: name, seq: 1 },
      { code: 'SUBJECT_MISMATCH', chain: name, seq: 1 },
    ]);
  });

  detects('names a chain that is gone, and the checkpoint that proves it', (stored, chain) => {
    stored.chains.delete(chain);
    return [{ code: 'CHAIN_MISSING', chain, checkpoint: 1 }];
  });

  it('notices that a chain is gone together with its proofs', () => {
    const log = aLog(key);
    log.append('11111111-2222-4333-8444-555555555555', [{}]);
    log.append('11111111-2222-4333-8444-666666666666', [{}]);
    log.checkpoint();
    const verifier = createVerifier({ keys: keyring([key]) });
    let skipping = false;
    for (const line of linesOf(log.stored)) {
      if (line.kind === 'chain') skipping = line.chain_id.endsWith('666666666666');
      if (!skipping || line.kind === 'header') verifier.take(line);
    }
    assert.ok(has(verifier.report().findings, { code: 'CHAIN_MISSING', checkpoint: 1 }));
  });

  it('accepts a new key that the old one has consented to, and no other', () => {
    const [next, stranger] = [aKey(), aKey()];
    const log = aLog(key);
    log.append('11111111-2222-4333-8444-555555555555', [{}]);
    log.checkpoint();
    log.checkpoint(next, key);
    assert.deepEqual(verified(log.stored, [key, next]).findings, []);
    log.checkpoint(stranger);
    const codes = verified(log.stored, [key, next, stranger]).findings.map(({ code }) => code);
    assert.deepEqual(codes, ['CHECKPOINT_CHAIN_BROKEN']);
  });

  it('says how many events no checkpoint covers yet', () => {
    const uid = '11111111-2222-4333-8444-555555555555';
    const log = aLog(key);
    log.append(uid, [{}, {}]);
    log.checkpoint();
    log.append(uid, [{}, {}, {}]);
    const report = verified(log.stored);
    assert.deepEqual([report.intact, report.uncovered], [true, [{ chain: `rr:${uid}`, events: 3 }]]);
  });
});

describe('a bundle', () => {
  const log = aLog(key);
  log.append('11111111-2222-4333-8444-555555555555', [{ note: 'a' }, { note: 'é\u2028' }]);
  log.checkpoint();
  const writer = bundleWriter();
  const whole = Buffer.from(
    linesOf(log.stored)
      .map((line) => writer.text(line))
      .join('') + writer.footer(),
  );

  async function verifiedFile(bytes: Buffer, portion = 17) {
    const portions = Array.from({ length: Math.ceil(bytes.length / portion) }, (_, i) =>
      bytes.subarray(i * portion, (i + 1) * portion),
    );
    return verifyBundle(portions, { keys: keyring([key]) });
  }

  const codesOf = async (bytes: Buffer) => (await verifiedFile(bytes, 4096)).findings.map(({ code }) => code);

  it('is intact when it is read as it was written, in portions of any size', async () => {
    for (const portion of [1, 17, 1_000_000]) {
      const { intact, events, checkpoints } = await verifiedFile(whole, portion);
      assert.deepEqual([intact, events, checkpoints], [true, 2, 1]);
    }
  });

  it('BUNDLE_CORRUPT: is refused when any byte of it is missing or another', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.boolean(),
        fc.integer({ min: 1, max: 255 }),
        async (at, cut, flip) => {
          const damaged = cut ? Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]) : Buffer.from(whole);
          if (!cut) damaged[at] = (damaged[at] ?? 0) ^ flip;
          assert.deepEqual(await codesOf(damaged), ['BUNDLE_CORRUPT']);
        },
      ),
      { numRuns: 150 },
    );
    assert.deepEqual(await codesOf(whole.subarray(0, whole.length - 1)), ['BUNDLE_CORRUPT']);
    assert.deepEqual(await codesOf(Buffer.from('')), ['BUNDLE_CORRUPT']);
  });

  it('verifies without its payloads', async () => {
    const other = bundleWriter();
    const lines = linesOf(log.stored).map((line) => {
      if (line.kind !== 'event') return other.text(line);
      const { event_data: _, ...event } = line.event;
      return other.text({ kind: 'event', event: { ...event, redacted: true } });
    });
    assert.ok((await verifiedFile(Buffer.from(lines.join('') + other.footer()))).intact);
  });
});
