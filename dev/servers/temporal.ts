import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, portFor } from './ports.ts';
import { startProcess, untilReady } from './process.ts';
import type { ServerProcess } from './process.ts';

/** What the development server serves, and where it keeps its log and database. */
export interface TemporalOptions {
  readonly binary: string;
  readonly folder: string;
  /** A free one by default; name the former to come back after a stop. */
  readonly port?: number;
  readonly namespace?: string;
  /** `true` picks a free port for the web UI. Without it there is none. */
  readonly ui?: boolean | number;
  /** Keeps workflows in a file of the folder, so that they outlive the server. In memory by default. */
  readonly durable?: boolean;
  /** Names and types: `{ RemediationPhase: 'Keyword' }`. */
  readonly searchAttributes?: Readonly<Record<string, string>>;
  readonly dynamicConfig?: Readonly<Record<string, string | number | boolean>>;
  readonly survive?: boolean;
}

/** A running Temporal development server. */
export interface Temporal extends ServerProcess {
  readonly address: string;
  readonly port: number;
  readonly namespace: string;
  readonly uiUrl: string | undefined;
}

/** Starts Temporal's development server and waits until its namespace can be used. */
export async function startTemporal(options: TemporalOptions): Promise<Temporal> {
  const ports = await freePorts('ui', 'http', 'metrics');
  const port = await portFor('temporal', options.port);
  const namespace = options.namespace ?? 'default';
  const address = `127.0.0.1:${String(port)}`;
  const uiPort = typeof options.ui === 'number' ? await portFor('the Temporal UI', options.ui) : options.ui && ports.ui;
  mkdirSync(options.folder, { recursive: true });
  const server = startProcess({
    name: 'temporal',
    command: options.binary,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--namespace', namespace],
      ...['--port', String(port), '--http-port', String(ports.http), '--metrics-port', String(ports.metrics)],
      ...['--log-level', 'warn', '--log-format', 'json', '--ui-disable-news-fetch'],
      ...(typeof uiPort === 'number' ? ['--ui-ip', '127.0.0.1', '--ui-port', String(uiPort)] : ['--headless']),
      ...(options.durable === true ? ['--db-filename', join(options.folder, 'temporal.db')] : []),
      ...dynamicConfig(options),
      ...Object.entries(options.searchAttributes ?? {}).flatMap(([key, type]) => [
        '--search-attribute',
        `${key}=${type}`,
      ]),
    ],
    // Its own settings of a user's client do not concern this server.
    env: { TEMPORAL_CONFIG_FILE: join(options.folder, 'no-client-config.toml') },
    logFile: join(options.folder, 'temporal.log'),
    survive: options.survive ?? false,
  });
  await untilReady(server, () => describeNamespace(address, namespace));
  const uiUrl = typeof uiPort === 'number' ? `http://127.0.0.1:${String(uiPort)}` : undefined;
  return { ...server, address, port, namespace, uiUrl };
}

function dynamicConfig(options: TemporalOptions): readonly string[] {
  const values = { 'frontend.enableServerVersionCheck': false, ...options.dynamicConfig };
  return Object.entries(values).flatMap(([key, value]) => [
    '--dynamic-config-value',
    `${key}=${JSON.stringify(value)}`,
  ]);
}

async function describeNamespace(address: string, namespace: string): Promise<void> {
  const { Connection } = await import('@temporalio/client');
  const connection = await Connection.connect({ address, connectTimeout: '1s' });
  try {
    await connection.withDeadline(Date.now() + 2000, () => connection.workflowService.describeNamespace({ namespace }));
  } finally {
    await connection.close();
  }
}
