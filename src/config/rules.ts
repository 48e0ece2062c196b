/** What keys of the configuration file ask of each other. */
import { readFileSync } from 'node:fs';
import { formatDuration } from '../remediation/durations.ts';
import { isLoopback, partsOf } from './postgres.ts';
import type { FileConfig } from './schema.ts';

export interface Rule {
  /** The keys that must be sound by themselves before the rule can be asked. */
  readonly keys: readonly string[];
  /** What is wrong; `written` gives the value of a key as it stands in the file. */
  readonly fault: (config: FileConfig, written: (path: string) => string) => string | undefined;
}

const SUMMED = ['processing', 'analyzing', 'awaitingApproval', 'executing'] as const;

/** Every rule. Each is asked, whatever the others say. */
export const RULES: readonly Rule[] = [
  rule(['timeouts'], ({ timeouts }) => {
    const sum = SUMMED.reduce((total, key) => total + timeouts[key], 0);
    const names = 'processing, analyzing, awaitingApproval and executing';
    return timeouts.global >= sum
      ? undefined
      : `timeouts.global (${formatDuration(timeouts.global)}) must be at least the sum of ${names} (${formatDuration(sum)})`;
  }),
  rule(['dryRun', 'dryRunHoldPeriod'], ({ dryRun, dryRunHoldPeriod }, written) =>
    dryRun && (dryRunHoldPeriod < 5 * 60_000 || dryRunHoldPeriod > 168 * 3_600_000)
      ? `dryRunHoldPeriod must be between 5m and 168h when dryRun is on, got ${written('dryRunHoldPeriod')}`
      : undefined,
  ),
  rule(['routing.exponentialBackoffBase', 'routing.exponentialBackoffMax'], ({ routing }, written) =>
    routing.exponentialBackoffMax < routing.exponentialBackoffBase
      ? `routing.exponentialBackoffMax (${written('routing.exponentialBackoffMax')}) must be at least routing.exponentialBackoffBase (${written('routing.exponentialBackoffBase')})`
      : undefined,
  ),
  ...postgresRules(),
  rule(['temporal.tls'], ({ temporal }) =>
    (temporal.tls.certFile === '') !== (temporal.tls.keyFile === '')
      ? 'temporal.tls.certFile and temporal.tls.keyFile go together: give both or neither'
      : undefined,
  ),
  rule(['temporal.payloadCodec.keyFile'], ({ temporal }) => {
    const size = sizeOf(temporal.payloadCodec.keyFile);
    return size === undefined || size === 32
      ? undefined
      : `temporal.payloadCodec.keyFile must hold 32 bytes, ${temporal.payloadCodec.keyFile} has ${String(size)}`;
  }),
  ...fleetRules(),
  ...fileRules(),
];

function postgresRules(): readonly Rule[] {
  return [
    rule(['postgres.url', 'postgres.host'], ({ postgres: { url, host } }) => {
      if (url === '' && host === '')
        return 'postgres.url or postgres.host must name the database that keeps the audit trail';
      return url !== '' && host !== '' ? 'postgres.url and postgres.host are both set: keep one' : undefined;
    }),
    rule(['postgres.url'], ({ postgres }) =>
      postgres.url !== '' && partsOf(postgres) === undefined
        ? 'postgres.url must look like postgres://user@host:5432/database'
        : undefined,
    ),
    rule(['postgres.passwordFile', 'postgres.secretsFile', 'postgres.passwordKey'], ({ postgres }) => {
      if (postgres.passwordFile !== '' && postgres.secretsFile !== '')
        return 'postgres.passwordFile and postgres.secretsFile are both set: keep one';
      return (postgres.secretsFile === '') !== (postgres.passwordKey === '')
        ? 'postgres.secretsFile and postgres.passwordKey go together: give both or neither'
        : undefined;
    }),
    rule(['postgres.sslMode', 'postgres.caFile'], ({ postgres }) =>
      partsOf(postgres)?.sslMode === 'verify-ca' && postgres.caFile === ''
        ? 'postgres.caFile is needed for sslMode verify-ca'
        : undefined,
    ),
    rule(['postgres.url', 'postgres.host', 'postgres.sslMode', 'environment'], ({ postgres, environment }) => {
      const parts = partsOf(postgres);
      return parts?.sslMode === 'disable' && environment !== 'test' && !isLoopback(parts.host)
        ? `postgres.sslMode disable is for environment: test or a database on this machine, and ${parts.host} is elsewhere`
        : undefined;
    }),
  ];
}

function fleetRules(): readonly Rule[] {
  const whenOn = (wrong: (fleet: FileConfig['fleet']) => boolean, text: string): Rule =>
    rule(['fleet'], ({ fleet }) => (fleet.enabled && wrong(fleet) ? text : undefined));
  return [
    whenOn(
      ({ backend, endpoint }) => backend === '' && endpoint === '',
      'fleet.backend and fleet.endpoint are needed when fleet.enabled is on',
    ),
    whenOn(
      ({ mcpGatewayEndpoint }) => mcpGatewayEndpoint === '',
      'fleet.mcpGatewayEndpoint is needed when fleet.enabled is on',
    ),
    whenOn(
      ({ backend, tokenPath }) => backend === 'acm' && tokenPath === '',
      'fleet.tokenPath is needed for backend acm',
    ),
    whenOn(
      ({ mcpGatewayEndpoint, mcpGatewayType }) => mcpGatewayEndpoint !== '' && mcpGatewayType === '',
      'fleet.mcpGatewayType must be one of eaigw, kuadrant when there is a mcpGatewayEndpoint',
    ),
    whenOn(
      ({ mcpGatewayEndpoint, oauth2 }) => mcpGatewayEndpoint !== '' && !oauth2.enabled,
      'fleet.oauth2.enabled must be on when there is a mcpGatewayEndpoint',
    ),
    whenOn(
      ({ oauth2 }) => oauth2.enabled && (oauth2.tokenURL === '' || oauth2.credentialsSecretRef === ''),
      'fleet.oauth2.tokenURL and fleet.oauth2.credentialsSecretRef are needed when fleet.oauth2.enabled is on',
    ),
  ];
}

function fileRules(): readonly Rule[] {
  const files: readonly (readonly [string, (config: FileConfig) => string])[] = [
    ['postgres.passwordFile', ({ postgres }) => postgres.passwordFile],
    ['postgres.secretsFile', ({ postgres }) => postgres.secretsFile],
    ['postgres.caFile', ({ postgres }) => postgres.caFile],
    ['temporal.tls.caFile', ({ temporal }) => temporal.tls.caFile],
    ['temporal.tls.certFile', ({ temporal }) => temporal.tls.certFile],
    ['temporal.tls.keyFile', ({ temporal }) => temporal.tls.keyFile],
    ['temporal.apiKeyFile', ({ temporal }) => temporal.apiKeyFile],
    ['temporal.payloadCodec.keyFile', ({ temporal }) => temporal.payloadCodec.keyFile],
    ['audit.checkpoint.keyFile', ({ audit }) => audit.checkpoint.keyFile],
    ['audit.checkpoint.previousKeyFile', ({ audit }) => audit.checkpoint.previousKeyFile],
  ];
  return files.map(([path, fileOf]) =>
    rule([path], (config) => {
      const file = fileOf(config);
      return file !== '' && sizeOf(file) === undefined
        ? `${path} names a file that cannot be read: ${file}`
        : undefined;
    }),
  );
}

/** Bytes in the file; undefined when it cannot be read. */
function sizeOf(file: string): number | undefined {
  try {
    return file === '' ? undefined : readFileSync(file).length;
  } catch {
    return undefined;
  }
}

function rule(keys: readonly string[], fault: Rule['fault']): Rule {
  return { keys, fault };
}
