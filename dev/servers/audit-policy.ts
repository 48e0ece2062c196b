/** Which requests the API server writes to its audit log: what the product causes, without bodies, once each. */
export const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  omitManagedFields: true,
  rules: [
    {
      level: 'Metadata',
      resources: [
        { group: 'kubernaut.ai' },
        { group: '', resources: ['events', 'namespaces', 'configmaps'] },
        { group: 'events.k8s.io', resources: ['events'] },
      ],
    },
    { level: 'None' },
  ],
} as const;
