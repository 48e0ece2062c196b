/** What PostgreSQL and the way to it may answer, told in the product's four kinds of error. */
import pg from 'pg';
import { ConflictError, InvariantError, OrchestratorError, UnavailableError } from '../errors.ts';

/** Somebody else was there at the same moment; another try meets another moment. */
const CONFLICTS = new Set(['40001', '40P01', '55P03']);

/** Classes of SQLSTATE that the one who runs the database can mend, after which the same statement works. */
const REPAIRABLE_CLASSES = new Set(['08', '25', '28', '3D', '53', '57', '58', 'F0', 'XX']);

/** Single states of the same sort: no right, no table or column yet, because a migration or a grant is still to come. */
const REPAIRABLE = new Set(['42501', '42P01', '42703', '42883', '3F000']);

/** Driver messages that mean a lost or refused connection; the driver gives them no code. */
const LOST_CONNECTION =
  /connection terminated|timeout exceeded when trying to connect|connection error|not queryable|query read timeout|pool after calling end|timeout expired|SSL|SASL/i;

/** Turns whatever a query threw into one of ours; an error that is ours already, or no database's, comes back as it is. */
export function toPostgresError(error: unknown): unknown {
  if (error instanceof OrchestratorError || !(error instanceof Error)) return error;
  if (error instanceof pg.DatabaseError && error.code !== undefined) return fromSqlState(error, error.code);
  if (isNetworkError(error) || LOST_CONNECTION.test(error.message))
    return new UnavailableError(
      'POSTGRES_UNAVAILABLE',
      'PostgreSQL cannot be reached: check that it runs and that the database URL is right.',
      { cause: error },
    );
  return error;
}

/** Whether the error is PostgreSQL's answer with this SQLSTATE, directly or as the cause of one of ours. */
export function hasSqlState(error: unknown, state: string): boolean {
  for (let e = error; e instanceof Error; e = e.cause)
    if (e instanceof pg.DatabaseError && e.code === state) return true;
  return false;
}

function fromSqlState(error: pg.DatabaseError, state: string): OrchestratorError {
  const cause = { cause: error };
  if (CONFLICTS.has(state))
    return new ConflictError(`PostgreSQL gave up a transaction for a concurrent one (${state}): try again.`, cause);
  if (REPAIRABLE.has(state) || REPAIRABLE_CLASSES.has(state.slice(0, 2)))
    return new UnavailableError(
      'POSTGRES_UNAVAILABLE',
      `PostgreSQL refuses to work (${state}): ${advice(state)}`,
      cause,
    );
  return new InvariantError(
    'INVARIANT',
    `PostgreSQL rejects what the product wrote (${state}): report this as a bug.`,
    cause,
  );
}

function advice(state: string): string {
  if (state.startsWith('28')) return 'check user and password.';
  if (state === '42501') return 'grant its user the role kubernaut_app.';
  if (state === '3D000') return 'create the database.';
  if (REPAIRABLE.has(state)) return 'bring its tables up to date with `rrctl migrate`.';
  if (state.startsWith('53')) return 'check its disk, memory and connection limit.';
  return 'see its log.';
}

function isNetworkError(error: Error): boolean {
  if (error instanceof AggregateError)
    return error.errors.some((each) => each instanceof Error && isNetworkError(each));
  return 'syscall' in error || ('code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code));
}
