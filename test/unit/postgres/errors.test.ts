import assert from 'node:assert/strict';
import pg from 'pg';
import { ConflictError, InvariantError, OrchestratorError, UnavailableError } from '../../../src/errors.ts';
import { hasSqlState, toPostgresError } from '../../../src/postgres/errors.ts';

function answer(state: string): pg.DatabaseError {
  const error = new pg.DatabaseError('server says', 11, 'error');
  error.code = state;
  return error;
}
const kindOf = (error: unknown): unknown => (toPostgresError(error) as Error).constructor;

describe('errors of PostgreSQL', () => {
  it('are a conflict when a concurrent transaction was in the way', () => {
    for (const state of ['40001', '40P01', '55P03']) assert.equal(kindOf(answer(state)), ConflictError, state);
  });

  it('F-07, G-12: are an outage while somebody can mend the database: password, disk, grants, migrations, restarts', () => {
    const states = ['28P01', '3D000', '53100', '53300', '57P01', '57P03', '57014', '58030', '08006', '42501', '42P01'];
    for (const state of [...states, '25006']) assert.equal(kindOf(answer(state)), UnavailableError, state);
  });

  it('are a bug when PostgreSQL rejects what was written', () => {
    for (const state of ['23505', '23514', '22P02', '42601'])
      assert.equal(kindOf(answer(state)), InvariantError, state);
  });

  it('are an outage when the network or the driver gives up', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
    });
    const errors = [
      refused,
      new AggregateError([refused], ''),
      new Error('Connection terminated unexpectedly'),
      new Error('timeout exceeded when trying to connect'),
      new Error('Query read timeout'),
    ];
    for (const error of errors) assert.equal(kindOf(error), UnavailableError, error.message);
  });

  it('keep their cause and say what to do', () => {
    const error = toPostgresError(answer('53100'));
    assert.ok(error instanceof OrchestratorError && error.cause instanceof pg.DatabaseError);
    assert.match(error.message, /check its disk/);
    assert.ok(hasSqlState(error, '53100'));
    assert.ok(!hasSqlState(error, '53200'));
  });

  it('leave errors of other origin as they are', () => {
    const ours = new ConflictError('x');
    const bug = new TypeError('x is not a function');
    assert.equal(toPostgresError(ours), ours);
    assert.equal(toPostgresError(bug), bug);
  });
});
