/** The signer process: the only one that can read the signing key, under a database role that can do nothing but sign. */
import { connectionString } from '../src/config/postgres.ts';
import { InvalidRequestError } from '../src/errors.ts';
import { sinkOf } from '../src/postgres/checkpoints/export.ts';
import { createPool } from '../src/postgres/pool.ts';
import { signingKey, startSigner } from './audit-signer/start.ts';
import { runProcess } from './process.ts';

await runProcess('audit-signer', ({ config, log, metrics }) => {
  const { checkpoint, allowWeakRoles } = config.audit;
  if (!checkpoint.enabled || checkpoint.keyFile === '')
    throw new InvalidRequestError(
      'INVALID_CONFIG',
      'audit.checkpoint.keyFile must name the key to sign with, and audit.checkpoint.enabled be on',
    );
  const pool = createPool(connectionString(config.postgres), {
    max: 2,
    onIdleError: (err) => {
      log.debug('A connection to PostgreSQL broke', { err });
    },
  });
  const signer = startSigner({
    pool,
    key: signingKey(checkpoint.keyFile),
    previousKey: checkpoint.previousKeyFile === '' ? undefined : signingKey(checkpoint.previousKeyFile),
    intervalMs: checkpoint.interval,
    heartbeatMs: checkpoint.heartbeat,
    sinks: checkpoint.sinks.map((name) => sinkOf(name, log)),
    allowWeakRoles,
    registry: metrics.registry,
    log,
  });
  return Promise.resolve({
    checks: { checkpoint: signer.state },
    stop: async () => {
      await signer.stop();
      await pool.end();
    },
  });
});
