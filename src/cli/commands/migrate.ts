import { command } from '../command.ts';
import { json } from '../render.ts';

/** Brings the database, and on request the Temporal namespace, to what this program needs. */
export const migrate = command<{ readonly temporal: boolean }>({
  name: 'migrate',
  summary: 'create or update the tables in PostgreSQL',
  flags: [{ flags: '--temporal', description: 'also create the Temporal namespace and its search attributes' }],
  examples: ['rrctl migrate --postgres-url postgres://owner@db/kubernaut', 'rrctl migrate --config config.yaml'],
  parse: (_, options) => ({ temporal: options['temporal'] === true }),
  run: async ({ temporal }, io, { store, workflows }) => {
    const result = await store.migrate();
    if (temporal) await workflows.prepare();
    const text = result === 'migrated' ? 'Brought up to date' : 'Already up to date';
    io.out(io.json ? json({ result, database: store.address, temporal }) : `${text}: ${store.address}`);
    return 0;
  },
});
