/** The RemediationRequest as the core sees it: its identity and the part of its spec that decisions and children need. */

/** Whatever an object of the cluster is pointed at by. */
export interface ResourceTarget {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** The spec without originalPayload and providerData, which may be large and are copied by the activity that needs them. */
export interface RequestSpec {
  readonly signalFingerprint: string;
  readonly signalName: string;
  readonly severity: string;
  readonly signalType: string;
  readonly signalSource?: string;
  readonly clusterID?: string;
  readonly targetType: string;
  readonly targetResource: ResourceTarget;
  readonly firingTime: string;
  readonly receivedTime: string;
  readonly signalLabels?: Readonly<Record<string, string>>;
  readonly signalAnnotations?: Readonly<Record<string, string>>;
}

/** What names one RemediationRequest for ever: a re-created object of the same name has another uid. */
export interface RequestIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface RemediationRequest extends RequestIdentity {
  readonly creationTimestamp: string;
  readonly generation: number;
  /** First ten hex digits of the SHA-256 of the name, for child names that would grow too long. */
  readonly nameDigest: string;
  /** SHA-256 of the canonical JSON of the whole spec, and of originalPayload alone: what the trail proves the spec by. */
  readonly specDigest?: string;
  readonly payloadDigest?: string;
  /** Whether the object has providerData, which is copied to the SignalProcessing by the activity that makes it. */
  readonly hasProviderData?: boolean;
  readonly spec: RequestSpec;
}

/** `namespace/Kind/name`, or `Kind/name` for a target without a namespace; letter case is kept. */
export const targetString = (target: ResourceTarget): string =>
  [target.namespace, target.kind, target.name].filter((part) => part !== undefined && part !== '').join('/');
