import { VERSION } from '../../version.ts';
import { command } from '../command.ts';
import { json } from '../render.ts';

/** Says which build this is. */
export const version = command({
  name: 'version',
  summary: 'show the version of this program',
  parse: () => undefined,
  run: (_, io) => {
    io.out(
      io.json ? json({ version: VERSION, node: process.version }) : `rrctl ${VERSION}, Node.js ${process.version}`,
    );
    return Promise.resolve(0);
  },
});
