/** An end without a time at which its object goes: it gets one. */
import { putRight } from '../../src/remediation/keeper/events.ts';
import { toRfc3339 } from '../../src/remediation/time.ts';
import type { Instant } from '../../src/remediation/time.ts';
import type { KeeperDeps } from './deps.ts';
import { record, writeStatus } from './look.ts';
import type { Look, Looked } from './look.ts';

/** Writes the time into the status, unless somebody has written one meanwhile. */
export async function stampExpiry(deps: KeeperDeps, look: Look, expiry: Instant): Promise<Looked> {
  const { namespace, name, uid } = look.row.registration;
  const delta = { retentionExpiryTime: toRfc3339(expiry) };
  const event = putRight({ namespace, name, uid }, 'RetentionExpiryStamped', look.row.phase, delta);
  await record(deps, look.row, 'side/orchestrator.status.updated/RetentionExpiryStamped', event);
  return writeStatus(deps, look, 'restore', ({ status }) =>
    status.retentionExpiryTime === undefined ? delta : undefined,
  );
}
