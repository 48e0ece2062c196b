import assert from 'node:assert/strict';
import { canonicalJson } from '../../../src/postgres/canonical.ts';
import {
  chainIdOf,
  emptyChain,
  eventHash,
  genesisHash,
  hashInput,
  linked,
  payloadDigest,
} from '../../../src/postgres/chain.ts';
import { eventContents } from '../../../src/postgres/envelope.ts';
import { eventId, sideEventId } from '../../../src/postgres/event-ids.ts';
import { aRegistration, anEvent, aCommit, AT, begin, writer } from './commits.ts';

const UID = '11111111-2222-4333-8444-555555555555';

describe('the hash chain', () => {
  const registration = aRegistration({ uid: UID, name: 'rr-a' });
  const commit = {
    ...aCommit(registration, 1, 'Pending', [
      { ...anEvent(registration, 1, 'orchestrator.lifecycle.started'), outcome: 'pending' as const },
    ]),
    at: AT,
  };
  const { event_metadata: _, ...content } = eventContents(commit, writer)[0] ?? assert.fail('no event');
  const [event] = linked(chainIdOf(UID), emptyChain(chainIdOf(UID)), [content]);
  assert.ok(event);

  it('gives the published canonical payload and digest', () => {
    assert.equal(
      canonicalJson(event.event_data),
      '{"event_type":"orchestrator.lifecycle.started","namespace":"kubernaut-system","rr_name":"rr-a","rr_uid":"11111111-2222-4333-8444-555555555555","step_no":1}',
    );
    assert.equal(event.event_data_sha256, 'd44fce52c51ba5780a7f0bb81ee1695079fcbfce4094626863f1498d85484042');
  });

  it('gives the published event id', () => {
    assert.equal(event.event_id, '43acd451-d30e-58e7-9cbe-fe4915946e0a');
  });

  it('begins with the published genesis hash', () => {
    assert.equal(genesisHash(chainIdOf(UID)), '45f6cb870a5cc151700e6cfc192b2c89a1b4501453dd9875e72ed57d6ac7b4df');
    assert.equal(event.previous_event_hash, genesisHash(chainIdOf(UID)));
  });

  it('hashes the published members', () => {
    const members =
      'actor_id actor_type chain_id chain_seq correlation_id event_action event_category event_data_sha256 event_id event_outcome event_timestamp event_type event_version is_sensitive namespace previous_event_hash resource_id resource_name resource_type retention_days rr_uid severity step_no step_ordinal v';
    assert.deepEqual(Object.keys(JSON.parse(hashInput(event)) as object), members.split(' '));
  });

  it('gives the published event hash', () => {
    assert.equal(event.event_hash, 'bc79aa7378cec5354e32478d9493a40acea894898ba601316f4ff5b8197696f6');
  });

  it('S3: links each event to the one before it, without a gap', () => {
    const contents = eventContents(begin(registration), writer);
    const [first, second] = linked('rr:x', { seq: 7, hash: 'f'.repeat(64) }, contents);
    assert.ok(first && second);
    assert.deepEqual([first.chain_seq, second.chain_seq], [8, 9]);
    assert.equal(first.previous_event_hash, 'f'.repeat(64));
    assert.equal(second.previous_event_hash, first.event_hash);
  });

  it('hashes nothing of the payload but its digest, so that an export may leave it out', () => {
    assert.equal(eventHash({ ...event, event_data: {} }), event.event_hash);
    assert.notEqual(payloadDigest({}), event.event_data_sha256);
  });

  it('derives ids from the step, its type and its place, and side events from their name', () => {
    assert.notEqual(
      eventId(UID, 1, 'orchestrator.lifecycle.started', 0),
      eventId(UID, 1, 'orchestrator.lifecycle.started', 1),
    );
    assert.equal(sideEventId(UID, '1/orchestrator.lifecycle.started/0'), event.event_id);
  });
});
