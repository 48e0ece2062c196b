import { join } from 'node:path';
import { freePorts, portFor } from './ports.ts';
import { startProcess, untilReady } from './process.ts';
import type { ServerProcess } from './process.ts';

/** Where an etcd keeps its data and logs, and which port it serves. */
export interface EtcdOptions {
  readonly binary: string;
  readonly folder: string;
  /** A free one by default; name the former to come back after a stop. */
  readonly port?: number;
  readonly survive?: boolean;
}

/** A running etcd. */
export interface Etcd extends ServerProcess {
  readonly url: string;
  readonly port: number;
}

/** Starts a single etcd member and waits until it answers. */
export async function startEtcd(options: EtcdOptions): Promise<Etcd> {
  const { peer } = await freePorts('peer');
  const port = await portFor('etcd', options.port);
  const url = `http://127.0.0.1:${String(port)}`;
  const peerUrl = `http://127.0.0.1:${String(peer)}`;
  const server = startProcess({
    name: 'etcd',
    command: options.binary,
    args: [
      `--data-dir=${join(options.folder, 'data')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      '--log-level=warn',
      // A local cluster does not have to outlive a power cut, and a disk's fsync would dominate every write.
      '--unsafe-no-fsync',
    ],
    logFile: join(options.folder, 'etcd.log'),
    survive: options.survive ?? false,
  });
  await untilReady(server, async () => {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1000) });
    if (!response.ok) throw new Error(`etcd answers ${String(response.status)}`);
  });
  return { ...server, url, port };
}
