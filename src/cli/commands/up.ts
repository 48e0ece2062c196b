import { command, textOf } from '../command.ts';
import type { UpInput } from '../ports.ts';

/** Runs the whole product in the foreground, with whatever servers are missing. */
export const up = command<UpInput>({
  name: 'up',
  summary: 'run watcher and orchestrator here, with a PostgreSQL and a Temporal of their own unless you name yours',
  flags: [
    { flags: '--state <folder>', description: 'where the servers keep their data; else KUBERNAUT_STATE' },
    { flags: '--health-address <host:port>', description: 'where readiness and metrics are served' },
  ],
  examples: [
    'rrctl up --namespace kubernaut-system',
    'rrctl up -n kubernaut-system --postgres-url postgres://me@db/kubernaut --temporal-address temporal:7233',
  ],
  parse: (_, options) => ({ state: textOf(options, 'state'), health: textOf(options, 'healthAddress') }),
  run: (input, io, { up: run }) => run(input, io),
});
