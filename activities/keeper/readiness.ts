/** An ended remediation without its summary for whoever looks at conditions only. */
import type { KeeperDeps } from './deps.ts';
import { conditionsWith, writeStatus } from './look.ts';
import type { Look, Looked } from './look.ts';

/** Writes the condition Ready as the end wrote it, unless somebody has written one meanwhile. */
export function showReadiness(deps: KeeperDeps, look: Look): Promise<Looked> | Looked {
  const { ready } = look.row;
  if (ready === undefined) return { found: look.found };
  return writeStatus(deps, look, 'restore', (found) =>
    found.status.conditions?.['Ready'] === undefined
      ? { conditions: conditionsWith(found, 'Ready', ready) }
      : undefined,
  );
}
