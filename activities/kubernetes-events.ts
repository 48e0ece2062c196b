/** Kubernetes Events about a step: sent after it, as well as it goes. They are news, not the record. */
import { fullMessage } from '../src/errors.ts';
import type { Commit } from '../src/remediation/commit.ts';
import type { Deps } from './deps.ts';

/** Sends the events of a committed step without waiting for them. Their names are derived, so a repeated step sends none twice. */
export function sendEvents({ kubernetes, log }: Deps, { registration, step, at, kubernetesEvents }: Commit): void {
  const { namespace, name, uid } = registration;
  kubernetesEvents.forEach(({ type, reason, message }, i) => {
    const event = {
      name: `${name.slice(0, 200)}.${uid.slice(0, 8)}.${String(step)}.${String(i)}`,
      namespace,
      involved: { kind: 'RemediationRequest', name, uid } as const,
      type,
      reason,
      message,
      at,
    };
    kubernetes.createEvent(event).catch((error: unknown) => {
      log.debug('Sending a Kubernetes Event failed', { rr: `${namespace}/${name}`, reason, err: fullMessage(error) });
    });
  });
}
