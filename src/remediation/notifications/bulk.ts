import type { NotificationOrder } from '../children.ts';
import type { Remediation } from '../state.ts';
import type { Transition } from '../transition.ts';
import { opening, shownTarget, signal, statusAfter, targetText } from './facts.ts';
import { order } from './notification.ts';
import { inline, line, lines } from './text.ts';

const MOST_NAMES = 50;

/** One word about all duplicates that waited for this remediation; none when there were none. */
export function bulk(r: Remediation, t: Transition): NotificationOrder | undefined {
  const after = statusAfter(r, t);
  const shown = { count: after.routingStatus?.duplicateCount ?? 0, names: after.routingStatus?.duplicateRefs ?? [] };
  const { count, names: all } = r.duplicates !== undefined && r.duplicates.count > shown.count ? r.duplicates : shown;
  if (count <= 0) return undefined;
  const names = all.slice(0, MOST_NAMES);
  const outcome = after.completionStatus?.outcome ?? 'Remediated';
  const left = count - names.length;
  return order(r, {
    kind: 'bulk',
    prefix: 'nr-bulk',
    type: 'Simple',
    priority: 'Low',
    severity: 'info',
    subject: `Completed with ${String(count)} duplicate${count === 1 ? '' : 's'}: ${signal(r)}`,
    context: { dedup: { duplicateCount: String(count) } },
    body: [
      opening(r, outcome),
      lines(line('Signal', signal(r)), line('Result', outcome), line('Target', targetText(shownTarget(r)))),
      lines(
        `Duplicates that waited for it: ${String(count)}`,
        ...names.map((name) => `- ${inline(name)}`),
        left > 0 && names.length > 0 ? `- and ${String(left)} more` : '',
      ),
    ],
  });
}
