/** The user name of the controllers; every other request comes from the product or from a test. */
export const CONTROLLERS_USER = 'system:kube-controller-manager';

/**
 * Which requests the API server writes to its audit log, once each and without bodies: everything that somebody sends,
 * and of the servers' own traffic what concerns the product's kinds.
 */
export const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  omitManagedFields: true,
  rules: [
    { level: 'Metadata', resources: [{ group: 'kubernaut.ai' }] },
    { level: 'None', users: ['system:apiserver', CONTROLLERS_USER] },
    { level: 'None', nonResourceURLs: ['/readyz', '/livez', '/healthz', '/metrics'] },
    { level: 'Metadata' },
  ],
} as const;
