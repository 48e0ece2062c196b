import type { Selection } from '../../../postgres/checkpoints/bundle-lines.ts';
import { UsageError, textOf } from '../../command.ts';
import type { Flag, Options } from '../../command.ts';
import { timeOf } from '../../../datastorage/event-query.ts';

/** The flags that say which trails. */
export const SELECTORS: readonly Flag[] = [
  { flags: '--rr <namespace/name>', description: 'the remediations of this name, one after the other' },
  { flags: '--uid <uid>', description: 'one remediation' },
  { flags: '--correlation <id>', description: 'everything under a correlation id, whoever wrote it' },
  { flags: '--all', description: 'everything' },
  { flags: '--since <time>', description: 'with --all: chains with events from then on' },
  { flags: '--until <time>', description: 'with --all: chains with events before' },
];

/** Which trails these flags mean; undefined when they name none. */
export function selectionOf(options: Options, now: number): Selection | undefined {
  const [rr, uid, correlation] = [textOf(options, 'rr'), textOf(options, 'uid'), textOf(options, 'correlation')];
  const all = options['all'] === true;
  const given = [rr, uid, correlation, all ? 'all' : undefined].filter((each) => each !== undefined);
  if (given.length > 1) throw new UsageError('give one of --rr, --uid, --correlation and --all');
  if (uid !== undefined) return { kind: 'uid', uid: uid.toLowerCase() };
  if (correlation !== undefined) return { kind: 'correlation', correlation };
  if (rr !== undefined) {
    const [namespace, name, ...rest] = rr.split('/');
    if (!namespace || !name || rest.length > 0) throw new UsageError('--rr wants namespace/name');
    return { kind: 'name', namespace, name };
  }
  if (!all) return undefined;
  const time = (flag: 'since' | 'until'): Readonly<Record<string, string>> => {
    const text = textOf(options, flag);
    return text === undefined ? {} : { [flag]: timeOf(flag, text, now) };
  };
  return { kind: 'all', ...time('since'), ...time('until') };
}
