import { join } from 'node:path';
import { probeHttps } from './https-probe.ts';
import { freePorts } from './ports.ts';
import { startProcess, untilReady } from './process.ts';
import type { ServerProcess } from './process.ts';

/** Which API server the controllers work on, and where their log goes. */
export interface ControllerManagerOptions {
  readonly binary: string;
  readonly folder: string;
  readonly kubeconfig: string;
  readonly survive?: boolean;
}

/**
 * Starts the two controllers that make owner references and namespace deletion mean something.
 * Custom kinds that exist already are collected at once; those that come later only after up to 30 s.
 */
export async function startControllerManager(options: ControllerManagerOptions): Promise<ServerProcess> {
  const { health } = await freePorts('health');
  const server = startProcess({
    name: 'kube-controller-manager',
    command: options.binary,
    args: [
      `--kubeconfig=${options.kubeconfig}`,
      '--controllers=garbage-collector-controller,namespace-controller',
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${String(health)}`,
      `--cert-dir=${options.folder}`,
      '--authentication-skip-lookup=true',
      '--concurrent-gc-syncs=5',
      '--kube-api-qps=200',
      '--kube-api-burst=400',
    ],
    logFile: join(options.folder, 'kube-controller-manager.log'),
    stopSignal: 'SIGKILL',
    survive: options.survive ?? false,
  });
  await untilReady(server, () =>
    probeHttps(`https://127.0.0.1:${String(health)}/healthz`, join(options.folder, 'kube-controller-manager.crt')),
  );
  return server;
}
