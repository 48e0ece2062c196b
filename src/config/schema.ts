/** The configuration file: every key, what it means, what it may be, and what it is when it is absent. */
import { z } from 'zod';
import {
  address,
  between,
  fraction,
  notNegative,
  onOff,
  optionalText,
  positive,
  text,
  texts,
  whole,
  word,
} from './values.ts';

/** A group of keys; absent means that all of its keys have their defaults. */
const section = z.strictObject;

const controller = section({
  metricsAddr: address(':9090', false).describe('Where /metrics is served.'),
  healthProbeAddr: address(':8081', false).describe('Where /healthz and /readyz are served.'),
  leaderElection: onOff(false).describe(
    'Lets one replica only watch the cluster. Any number of watchers is safe without it.',
  ),
  leaderElectionId: text('remediationorchestrator.kubernaut.ai').describe('Name of the Lease of the election.'),
});

const timeouts = section({
  global: positive('1h').describe(
    'The longest life of a remediation before its verification; at least the sum of processing, analyzing, awaitingApproval and executing.',
  ),
  processing: positive('5m').describe('How long signal processing may take.'),
  analyzing: positive('10m').describe('How long the analysis may take.'),
  executing: positive('30m').describe('How long the workflow may run.'),
  awaitingApproval: positive('15m').describe('How long a person may take to decide.'),
  verifying: positive('30m').describe(
    'How long the verification may take when the assessment names no deadline of its own.',
  ),
});

const datastorage = section({
  url: optionalText().describe(
    'Address of the DataStorage service. Events are written to PostgreSQL directly, so it may be absent.',
  ),
  healthUrl: optionalText().describe('Health address of the DataStorage service.'),
  timeout: positive('10s').describe('Longest wait for the DataStorage service.'),
  buffer: section({
    bufferSize: whole(10_000, 1).describe('Events held back before they are sent. Nothing is held back here.'),
    batchSize: whole(100, 1).describe('Events sent at a time.'),
    flushInterval: positive('1s').describe('How often held events are sent.'),
    maxRetries: whole(3, 0).describe('Tries for a batch.'),
  }),
});

const routing = section({
  consecutiveFailureThreshold: whole(3, 1).describe('Failures in a row of one signal after which it is blocked.'),
  consecutiveFailureCooldown: positive('1h').describe('How long that block lasts.'),
  recentlyRemediatedCooldown: positive('5m').describe('Time between two runs of one workflow on one target.'),
  exponentialBackoffBase: positive('1m').describe('Wait after the first failure; doubles with each further one.'),
  exponentialBackoffMax: positive('10m').describe('Longest wait after a failure; at least exponentialBackoffBase.'),
  exponentialBackoffMaxExponent: whole(4, 1).describe('How often the wait may double.'),
  scopeBackoffBase: positive('5s').describe('First wait for a target that is not managed.'),
  scopeBackoffMax: positive('5m').describe('Longest wait for a target that is not managed.'),
  ineffectiveChainThreshold: whole(3, 1).describe(
    'Remediations without effect in a row after which a person is asked.',
  ),
  recurrenceCountThreshold: whole(5, 1).describe(
    'Remediations of one target in ineffectiveTimeWindow after which a person is asked.',
  ),
  ineffectiveTimeWindow: positive('4h').describe('How far back those two look.'),
  forwardChainThreshold: whole(2, 1).describe(
    'Length of a chain of remediations that lead to each other after which a person is asked.',
  ),
  forwardChainWindow: positive('1h').describe('How far back that one looks.'),
  noActionRequiredDelayHours: whole(24, 0).describe(
    'Hours in which the Gateway makes no new request for a signal that needed no action; 0 switches it off.',
  ),
});

const fleet = section({
  enabled: onOff(false).describe('Remediates on other clusters as well.'),
  backend: word(['fleetmetadatacache', 'acm'], '').describe(
    'What tells which clusters are managed; acm needs tokenPath.',
  ),
  endpoint: optionalText().describe('Address of that backend.'),
  mcpGatewayEndpoint: optionalText().describe('Address of the gateway that remote clusters are read through.'),
  mcpGatewayType: word(['eaigw', 'kuadrant'], '').describe('Kind of that gateway.'),
  namespace: optionalText().describe('Namespace of the gateway.'),
  tlsCAFile: optionalText().describe('CA certificates for the backend.'),
  tokenPath: optionalText().describe('File with the token for the backend.'),
  oauth2: section({
    enabled: onOff(false).describe('Gets tokens for the gateway by OAuth 2.'),
    tokenURL: optionalText().describe('Where tokens come from.'),
    credentialsSecretRef: optionalText().describe('Secret with client id and client secret.'),
    scopes: texts([]).describe('Scopes to ask for.'),
    tlsCAFile: optionalText().describe('CA certificates for tokenURL.'),
  }),
});

const temporal = section({
  address: address('temporal-frontend:7233', true).describe('Frontend of the Temporal server.'),
  namespace: text('kubernaut').describe('Temporal namespace.'),
  taskQueue: text('remediation-orchestrator').describe('Task queue that workflows and activities are polled from.'),
  localActivities: onOff(true).describe(
    'Tries effects and commits within the workflow task first, and as a regular activity when that does not succeed in a few seconds.',
  ),
  tls: section({
    enabled: onOff(false).describe('Speaks TLS with the server.'),
    caFile: optionalText().describe(
      'CA certificates that the server is checked against; absent means those of the system.',
    ),
    certFile: optionalText().describe('Certificate of the client; goes with keyFile.'),
    keyFile: optionalText().describe('Key of the client.'),
    serverName: optionalText().describe(
      'Name that the certificate of the server must carry, if it is not the host of address.',
    ),
  }),
  apiKeyFile: optionalText().describe('File with an API key; implies TLS.'),
  worker: section({
    maxConcurrentWorkflowTasks: whole(40, 1).describe('Workflow tasks worked on at a time.'),
    maxConcurrentActivities: whole(100, 1).describe('Activities run at a time.'),
    maxCachedWorkflows: whole(600, 1).describe('Workflows kept in memory; about 1 MB each.'),
    buildId: optionalText().describe('Identifies the build of this worker; absent means that of the image.'),
    deploymentName: text('remediation-orchestrator').describe('Name of the worker deployment.'),
    shutdownGrace: positive('30s').describe('Time that running activities get when the process is asked to end.'),
  }),
  payloadCodec: section({
    keyFile: optionalText().describe('File with a key of 32 bytes that payloads are encrypted with.'),
  }),
  continueAsNewEvents: whole(1500, 500, 20_000).describe(
    'Length of a history after which a workflow goes on in a new run.',
  ),
});

const postgres = section({
  url: optionalText().describe('postgres:// address of the database that keeps trail and ledger. This, or host.'),
  host: optionalText().describe('Its host, when there is no url.'),
  port: whole(5432, 1, 65_535).describe('Its port.'),
  database: text('kubernaut').describe('Name of the database.'),
  user: optionalText().describe('Role to log in as.'),
  passwordFile: optionalText().describe('File that holds the password and nothing else.'),
  secretsFile: optionalText().describe('YAML file that holds the password under passwordKey.'),
  passwordKey: optionalText().describe('Key in secretsFile.'),
  sslMode: word(['disable', 'require', 'verify-ca', 'verify-full'], '').describe(
    'As in libpq; absent means that of url, else verify-full, or disable for a database on the loopback interface. Elsewhere disable needs `environment: test`.',
  ),
  caFile: optionalText().describe('CA certificates that the database is checked against.'),
  pool: section({
    max: whole(10, 2).describe('Connections a process opens at most.'),
    idleTimeout: positive('5m').describe('When an idle connection is closed.'),
    connectTimeout: positive('5s').describe('Longest wait for a connection.'),
  }),
  statementTimeout: positive('30s').describe('Longest run of a statement.'),
  lockTimeout: positive('5s').describe('Longest wait for a lock.'),
});

const audit = section({
  schema: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, { error: 'must be a plain SQL identifier in lower case' })
    .prefault('audit')
    .describe('Schema of the tables.'),
  retentionDays: whole(2555, 1, 2555).describe('How long an event is kept.'),
  captureSpec: word(['full', 'digest'], 'full').describe(
    'Whether the trail keeps the spec of a request, or its SHA-256 only.',
  ),
  divergence: section({
    interval: notNegative('5m').describe('How often trail, ledger and cluster are compared; 0s is never.'),
  }),
  verifySample: section({
    interval: notNegative('1h').describe('How often a sample of the trail is verified; 0s is never.'),
    count: whole(50, 0).describe('Size of the sample.'),
  }),
  checkpoint: section({
    enabled: onOff(true).describe('Signs checkpoints of the trail.'),
    interval: positive('1m').describe('How often, when there is something to sign.'),
    heartbeat: positive('15m').describe('How often, when there is nothing to sign.'),
    keyFile: optionalText().describe('PKCS#8 file with the Ed25519 key. Only the signer reads it.'),
    previousKeyFile: optionalText().describe('The key before it, which consents to the new one once.'),
    sinks: texts(['log']).describe(
      'Where the signer takes checkpoints: log, the path of a file that grows, or an address to PUT them under.',
    ),
  }),
  allowWeakRoles: onOff(false).describe('Signs even if the database role could change the trail.'),
});

const approvals = section({
  updateDoor: section({
    enabled: onOff(false).describe('Serves approvals over HTTP.'),
    tls: section({
      certFile: optionalText().describe('Certificate of that door.'),
      keyFile: optionalText().describe('Key of that door.'),
      caFile: optionalText().describe('CA certificates that its clients are checked against.'),
    }),
  }),
  requireDistinctApprover: onOff(false).describe('Refuses an approval by the person who triggered the request.'),
});

/** The schema of the whole file. */
export const schema = z.strictObject({
  controller,
  timeouts,
  datastorage,
  effectivenessAssessment: section({
    stabilizationWindow: between('1s', '1h', '5m').describe('How long the target may settle before it is assessed.'),
  }),
  asyncPropagation: section({
    gitOpsSyncDelay: notNegative('3m').describe('How long a change may take through GitOps.'),
    operatorReconcileDelay: notNegative('1m').describe(
      'How long an operator may take to act on a changed custom resource.',
    ),
    proactiveAlertDelay: notNegative('5m').describe(
      'Additional wait before the alert of a predicted problem is looked at.',
    ),
  }),
  notifications: section({
    notifySelfResolved: onOff(false).describe('Notifies when a problem went away by itself.'),
    blockDuplicates: onOff(true).describe('Notifies when a duplicate waits for its original.'),
  }),
  retention: section({ period: positive('24h').describe('How long an ended request stays in the cluster.') }),
  dryRun: onOff(false).describe('Analyses, but executes nothing.'),
  dryRunHoldPeriod: notNegative('1h').describe(
    'How long a dry run keeps its signal from being analysed again; 5m to 168h when dryRun is on.',
  ),
  routing,
  logging: section({
    level: word(['DEBUG', 'INFO', 'WARN', 'ERROR'], 'INFO').describe('The least level that is written.'),
    format: word(['json', 'console'], 'json').describe('json for machines, console for people.'),
  }),
  tlsProfile: word(['Old', 'Intermediate', 'Modern'], '').describe('TLS security profile, as OpenShift names them.'),
  fleet,
  temporal,
  postgres,
  audit,
  approvals,
  api: section({
    relistInterval: between('1m', '10m', '10m').describe(
      'How often everything is listed again, whatever the watch said.',
    ),
    sweepInterval: between('10s', '30s', '30s').describe(
      'How often the watcher compares what it sees with what it has sent.',
    ),
  }),
  telemetry: section({
    enabled: onOff(false).describe('Sends traces.'),
    otlpEndpoint: optionalText().describe('Where they go.'),
    sampleRatio: fraction(1, 0, 1).describe('Share of requests that are traced.'),
  }),
  environment: word(['production', 'test'], 'production').describe('test relaxes what production insists on.'),
});

/** The values of a file, absent keys filled in; durations are milliseconds. */
export type FileConfig = z.output<typeof schema>;
