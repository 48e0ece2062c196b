import { notificationsFor } from '../../src/remediation/notifications/index.ts';
import { dueAgain, withNotifications } from '../../src/remediation/notifications/made.ts';
import type { Remediation } from '../../src/remediation/state.ts';
import type { Transition } from '../../src/remediation/transition.ts';
import type { Ports } from '../ports.ts';

/** Makes the notifications of a step before its commit, which then names them. One that cannot be made does not stop the step. */
export async function notify<R extends Transition>(
  r: Remediation,
  transition: R,
  ports: Pick<Ports, 'now' | 'ensureNotification'>,
): Promise<{ readonly remediation: Remediation; readonly transition: R }> {
  if (transition.isGone === true) return { remediation: r, transition };
  const ordered = notificationsFor(r, transition, ports.now());
  const orders = [...dueAgain(r, ports.now()), ...ordered];
  const tried = await Promise.all(
    orders.map(async (order) => ({ order, answer: await ports.ensureNotification(order) })),
  );
  return withNotifications(r, transition, ordered, tried, ports.now());
}
